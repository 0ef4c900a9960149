/**
 * Builds what `dermdistill page` puts a model into, as files of the Python package:
 * `template.html` (the page, with places for the model and the runtime), `runtime.wasm.gz`, and what only a
 * server gives. `node build.mjs FOLDER` writes them into another folder.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { EXPLANATION, NO_DIAGNOSIS, PAGE, RESULT } from "./src/strings.js";

const HERE = dirname(fileURLToPath(import.meta.url));
const SOURCE = join(HERE, "src");
const RUNTIME = join(HERE, "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm");
const SERVED = ["icon.svg", "manifest.webmanifest", "service-worker.js"];
/** Filled in by Python. */
const LEFT = ["description", "model", "runtime"];

/** One script of all modules behind an entry. @param {string} entry @param {Record<string, string>} define */
async function bundled(entry, define) {
  const { outputFiles } = await build({
    entryPoints: [join(SOURCE, entry)],
    absWorkingDir: HERE,
    bundle: true,
    charset: "ascii",
    define,
    format: "iife",
    legalComments: "none",
    minify: true,
    target: "es2022",
    write: false,
  });
  return outputFiles[0].text.trim();
}

async function minifiedStyle() {
  const options = { entryPoints: [join(SOURCE, "page.css")], minify: true, charset: "ascii", write: false };
  const { outputFiles } = await build(options);
  return outputFiles[0].text.trim();
}

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** @param {string} content of an element that the policy allows */
const hash = (content) => `'sha256-${createHash("sha256").update(content).digest("base64")}'`;

async function template() {
  // A worker out of a text has no address that anything could be loaded from.
  const worker = await bundled("worker/worker.js", { "import.meta.url": "self.location.href" });
  const script = await bundled("page/main.js", { WORKER_SOURCE: JSON.stringify(worker) });
  const style = await minifiedStyle();
  const icon = readFileSync(join(SOURCE, "served/icon.svg"), "utf8").trim();
  const policy = [
    "default-src 'none'",
    `script-src ${hash(script)} 'wasm-unsafe-eval'`,
    `style-src ${hash(style)}`,
    "img-src blob: data:",
    "worker-src blob:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const values = {
    ...Object.fromEntries(
      Object.entries({
        ...PAGE,
        noDiagnosis: NO_DIAGNOSIS,
        explain: RESULT.explain,
        removeShort: RESULT.removeShort,
        photographLabel: EXPLANATION.photograph,
        mapLabel: EXPLANATION.picture,
        lowers: EXPLANATION.lowers,
        raises: EXPLANATION.raises,
        runtimeLicence: readFileSync(join(SOURCE, "onnxruntime-licence.txt"), "utf8").trim(),
      }).map(([name, text]) => [name, escaped(text)]),
    ),
    policy,
    style,
    script,
    icon: `data:image/svg+xml,${encodeURIComponent(icon)}`,
  };
  const used = new Set(LEFT);
  const page = readFileSync(join(SOURCE, "page.html"), "utf8").replace(/\{\{(\w+)\}\}/g, (place, name) => {
    used.add(name);
    if (LEFT.includes(name)) return place;
    if (!(name in values)) throw new Error(`page.html: nothing for ${place}`);
    return values[name];
  });
  const unused = Object.keys(values).filter((name) => !used.has(name));
  if (unused.length > 0) throw new Error(`page.html: no place for ${unused.join(", ")}`);
  return page;
}

/** The packed runtime; what is there stays if it holds the same, as zlibs pack differently. @param {string} path */
function writeRuntime(path) {
  const runtime = readFileSync(RUNTIME);
  if (existsSync(path) && gunzipSync(readFileSync(path)).equals(runtime)) return;
  writeFileSync(path, gzipSync(runtime, { level: 9 }));
}

const folder = process.argv[2] ?? join(HERE, "../src/dermdistill/page/built");
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "template.html"), await template());
for (const name of SERVED) writeFileSync(join(folder, name), readFileSync(join(SOURCE, "served", name)));
writeRuntime(join(folder, "runtime.wasm.gz"));
