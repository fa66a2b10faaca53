// node main.js LIBRARY CASE: prints what must be the same in each mode.
const { Worker, isMainThread, workerData, parentPort } = require('worker_threads');
const [library, name] = isMainThread ? process.argv.slice(2) : workerData;
const module_ = { exports: {} };
process.dlopen(module_, library);
const host = module_.exports;
const failure = f => { try { f(); return 'none'; } catch (e) { return e.message; } };
const nested = n => n === 0 ? 0 : 1 + host.call(() => nested(n - 1));
const parts = {
  functions: () => [
    Array.from({ length: 1000 }, (_, n) => host.work(n)).reduce((a, b) => a + b),
    nested(100),
  ],
  errors: () => [
    failure(() => host.work(-1)),
    failure(() => host.call(() => { throw new Error('from JavaScript'); })),
  ],
  large: () => host.large(1),
};
const worker = (part, resourceLimits) => new Promise((resolve, reject) => {
  const w = new Worker(__filename, { workerData: [library, part], resourceLimits });
  w.on('message', resolve); w.on('error', reject);
  w.on('exit', code => code && reject(new Error('exit ' + code)));
});
async function main() {
  if (parts[name]) return parts[name]();
  if (name === 'workers')
    return Promise.all(Array.from({ length: 4 }, () => worker('functions', {})));
  if (name === 'large_in_1_MiB_worker') return worker('large', { stackSizeMb: 1 });
  throw new Error('no case ' + name);
}
main().then(result =>
  isMainThread ? console.log(JSON.stringify(result)) : parentPort.postMessage(result))
  .catch(e => { console.log(e.message); process.exit(1); });
