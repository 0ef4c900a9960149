// The page of `dermdistill page` in Firefox: prints the table that "Save as CSV" saves.
//
//     npm install --ignore-scripts --prefix FOLDER puppeteer-core
//     node benchmarks/page_in_firefox.mjs FOLDER/node_modules FIREFOX PAGE.html PHOTOGRAPH ...
//
// benchmarks/everywhere.py calls it.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, firefox, file, ...photographs] = process.argv.slice(2);
const { default: puppeteer } = await import(createRequire(`${modules}/`).resolve("puppeteer-core"));
const patience = { timeout: 600_000 };
const browser = await puppeteer.launch({
  browser: "firefox",
  executablePath: firefox,
  protocolTimeout: patience.timeout,
});
const page = await browser.newPage();
const requests = [];
page.on("request", (request) => requests.push(request.url()));
await page.goto(pathToFileURL(file).href);
await page.waitForSelector("#status[data-state]", patience);
console.error(await browser.version(), await page.$eval("#status", (status) => status.innerText));
await (await page.$("#files")).uploadFile(...photographs);
await page.waitForSelector("#summary:not(:empty)", patience);
const table = await page.evaluate(
  () =>
    new Promise((resolve) => {
      const create = URL.createObjectURL;
      URL.createObjectURL = (blob) => {
        blob.text().then(resolve);
        return create.call(URL, blob);
      };
      document.getElementById("save-csv").click();
    }),
);
const asked = requests.filter((address) => !/^(data|blob):/.test(address));
console.error(`${asked.length} requests`, ...asked);
console.log(table);
await browser.close();
