// node main.js LIBRARY CASE: prints what must be the same in each mode.
const fs = require('fs'), os = require('os'), path = require('path');
const { Worker, isMainThread, workerData, parentPort } = require('worker_threads');
const [library, name] = isMainThread ? process.argv.slice(2) : workerData;

function open(file) {
  const module = { exports: {} };
  process.dlopen(module, file);
  return module.exports;
}
const host = open(library);
const sum = (n, f) => { let s = 0; for (let i = 0; i < n; i++) s += f(i); return s; };
const fails = () => { try { host.fail(); return 0; } catch (e) { return e.message.length; } };
const descend = n => host.call(() => descend(n + 1));
const overflows = () => {
  try { descend(0); return 'none'; } catch (e) { return e.constructor.name; }
};
const nested = n => n === 0 ? 0 : 1 + host.call(() => nested(n - 1));

const parts = {
  calls: () => [sum(100000, n => host.work(n)), host.call(() => host.call(() => 7)), nested(200)],
  throws: () => [
    sum(20000, fails),
    (() => { try { host.call(host.fail); } catch (e) { return e.message; } })(),
  ],
  recursion: () => [overflows(), overflows(), host.work(1)],
};
parts.large = () => host.large(1);
const workers = (count, part, resourceLimits = {}) =>
  Promise.all(Array.from({ length: count }, () => new Promise((resolve, reject) => {
  const w = new Worker(__filename, { workerData: [library, part], resourceLimits });
  w.on('message', resolve); w.on('error', reject);
  w.on('exit', code => code && reject(new Error('exit ' + code)));
})));

async function main() {
  if (parts[name]) return parts[name]();
  if (name === 'workers') return workers(8, 'calls');
  if (name === 'worker_throws') return workers(4, 'throws');
  if (name === 'worker_recursion') return workers(2, 'recursion');
  if (name === 'large_in_1_MiB_worker') return workers(1, 'large', { stackSizeMb: 1 });
  if (name === 'pool') {
    const results = await Promise.all(Array.from({ length: 200 }, (_, n) => host.later(n)));
    return results.reduce((a, b) => a + b);
  }
  if (name === 'two_hundred_addons') {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'addons'));
    let opened = 0;
    try {
      for (let i = 0; i < 200; i++) {
        const file = path.join(folder, i + '.node');
        fs.copyFileSync(library, file);
        opened += open(file).work(i) >= -1000;
      }
    } finally { fs.rmSync(folder, { recursive: true }); }
    return opened;
  }
  throw new Error('no case ' + name);
}
main().then(result =>
  isMainThread ? console.log(JSON.stringify(result)) : parentPort.postMessage(result))
  .catch(e => { console.log(e.message.slice(-70)); process.exit(1); });
