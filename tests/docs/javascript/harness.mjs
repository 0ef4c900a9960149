// Runs the JavaScript example of docs/deploy.md without a browser: its canvas gives back the pixels that it is given.
//
//   node harness.mjs EXAMPLE.mjs '[{"file": "photo.rgba", "width": 60, "height": 45}, ...]'
//
// prints a JSON list, P(melanoma) of each. The files hold raw RGBA; model.onnx lies in the working directory.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

globalThis.createImageBitmap = async (photo) => photo;
globalThis.OffscreenCanvas = class {
  getContext() {
    let shown;
    return {
      drawImage: (photo) => (shown = photo),
      getImageData: () => ({ data: new Uint8ClampedArray(readFileSync(shown.file)) }),
    };
  }
};

const [example, photos] = process.argv.slice(2);
const { probabilityOfMelanoma } = await import(pathToFileURL(resolve(example)));
const probabilities = [];
for (const photo of JSON.parse(photos)) probabilities.push(await probabilityOfMelanoma(photo));
process.stdout.write(JSON.stringify(probabilities));
process.exit(0); // the runtime's threads would keep the process alive
