// Lighthouse on every page of the built site: node tools/site/audit/audit.js SITE [WORD ...]
//
// Mobile settings, compressed responses, from a server of our own on a free port. Prints a row a
// page, and fails if one is under the bars. With words, only pages whose path contains one of them.
// A busy machine makes every page slow: one that falls short is measured again after all others, up
// to five times in all, and its median counts, as Lighthouse advises. The last column is Lighthouse's
// benchmark of the machine itself; its settings take 1,500 to 2,000 for granted.

import { createReadStream, existsSync, readdirSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { pipeline } from "node:stream";
import { createGzip } from "node:zlib";

import { Launcher, launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const BARS = { performance: 0.95, accessibility: 1, "best-practices": 1, seo: 1 };
const RUNS = 5;

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ipynb": "application/x-ipynb+json",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".xml": "application/xml",
};
const PACKED = new Set([".png", ".webp", ".woff2"]);

// What headless Chromium needs where there is no screen, and as root; and it stays at home.
const FLAGS = ["--headless=new", "--disable-gpu", "--disable-quic", "--no-first-run"];
FLAGS.push("--disable-background-networking", "--disable-component-update", "--disable-sync");
if (process.getuid?.() === 0) FLAGS.push("--no-sandbox");

/** Send the files of a folder, compressed as a web host would. */
function serve(folder) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const path = join(folder, normalize(decodeURIComponent(pathname)));
    if (!existsSync(path) || !statSync(path).isFile()) return response.writeHead(404).end();
    const ending = extname(path);
    const headers = {
      "Content-Type": TYPES[ending] ?? "application/octet-stream",
      "Cache-Control": "max-age=600", // as GitHub Pages
    };
    const packed = PACKED.has(ending);
    if (!packed) headers["Content-Encoding"] = "gzip";
    response.writeHead(200, headers);
    const steps = packed ? [] : [createGzip({ level: 6 })];
    pipeline(createReadStream(path), ...steps, response, () => {});
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** A page's four scores, what cost it points, how much it sent, how fast the machine was just then. */
async function measure(address, port) {
  const { lhr } = await lighthouse(address, {
    port,
    onlyCategories: Object.keys(BARS),
    logLevel: "error",
  });
  if (lhr.runtimeError) throw new Error(`${address}: ${lhr.runtimeError.message}`);
  const scores = {};
  const lost = new Set();
  for (const [name, { score, auditRefs }] of Object.entries(lhr.categories)) {
    scores[name] = score ?? 0;
    if (scores[name] >= BARS[name]) continue;
    for (const { id, weight } of auditRefs) {
      const { score, displayValue, title } = lhr.audits[id];
      if (weight && score !== null && score < 0.9) lost.add(displayValue ? `${title}: ${displayValue}` : title);
    }
  }
  const bytes = lhr.audits["total-byte-weight"].numericValue;
  return { scores, lost, bytes, speed: lhr.environment.benchmarkIndex };
}

function short(scores) {
  return Object.entries(BARS).some(([name, bar]) => scores[name] < bar);
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** The median of a page's runs. */
function middle(runs) {
  const scores = {};
  for (const name of Object.keys(BARS)) scores[name] = median(runs.map((run) => run.scores[name]));
  const speed = median(runs.map((run) => run.speed));
  return { ...runs.at(-1), scores, speed, lost: new Set(runs.flatMap((run) => [...run.lost])) };
}

/** Whether more runs can still change what a page's median says; one good run is enough. */
function undecided(runs) {
  const bad = runs.filter((run) => short(run.scores)).length;
  const majority = (RUNS + 1) / 2;
  return bad && bad < majority && runs.length - bad < majority;
}

async function main(site, ...words) {
  const pages = ["en", "zh"].flatMap((edition) =>
    existsSync(join(site, edition))
      ? readdirSync(join(site, edition)).filter((name) => name.endsWith(".html")).sort().map((name) => `${edition}/${name}`)
      : []
  );
  const chosen = pages.filter((page) => !words.length || words.some((word) => page.includes(word)));
  if (!chosen.length) throw new Error(`${site} has no such page: run \`make book\` first`);
  if (!process.env.CHROME_PATH && !Launcher.getInstallations().length)
    throw new Error("no Chromium is installed: install one, or name it in CHROME_PATH");

  const server = await serve(site);
  const chrome = await launch({ chromeFlags: FLAGS });
  const width = Math.max(...chosen.map((page) => page.length));
  console.log(["page".padEnd(width), "perf", "a11y", "best", "seo ", " KiB", "speed"].join("  "));
  const row = (page, { scores, bytes, speed }) => {
    const shown = Object.keys(BARS).map((name) => scores[name].toFixed(2));
    const sizes = [String(Math.round(bytes / 1024)).padStart(4), String(Math.round(speed)).padStart(5)];
    return [page.padEnd(width), ...shown, ...sizes].join("  ");
  };
  const runs = new Map(chosen.map((page) => [page, []]));
  try {
    for (let pages = chosen; pages.length; pages = chosen.filter((page) => undecided(runs.get(page)))) {
      if (pages !== chosen) console.log("again:");
      for (const page of pages) {
        runs.get(page).push(await measure(`http://localhost:${server.address().port}/${page}`, chrome.port));
        console.log(row(page, runs.get(page).at(-1)));
      }
    }
  } finally {
    chrome.kill();
    server.close();
  }
  const again = chosen.filter((page) => runs.get(page).length > 1);
  if (again.length) console.log("median of those measured again:");
  let failed = 0;
  for (const page of again) {
    const result = middle(runs.get(page));
    console.log(row(page, result));
    if (short(result.scores)) {
      failed += 1;
      for (const reason of result.lost) console.log(`    ${reason}`);
    }
  }
  if (failed) throw new Error(`${failed} of ${chosen.length} pages are under the bars ${JSON.stringify(BARS)}`);
}

main(...process.argv.slice(2)).catch(({ message }) => {
  console.error(message);
  process.exitCode = 1;
});
