"""python3 main.py LIBRARY CASE: prints what must be the same in each mode."""
import importlib.machinery, importlib.util, sys, threading

library, case = sys.argv[1:]
loader = importlib.machinery.ExtensionFileLoader('pyo3_host', library)
host = importlib.util.module_from_spec(importlib.util.spec_from_loader('pyo3_host', loader))
loader.exec_module(host)


def on_threads(count, kibibytes, f):
    results = []
    threading.stack_size(kibibytes * 1024)
    threads = [threading.Thread(target=lambda: results.append(f())) for _ in range(count)]
    for t in threads: t.start()
    for t in threads: t.join()
    return sorted(results)


def failure(f):
    try: f()
    except BaseException as e: return f'{type(e).__name__}: {e}'


if case == 'functions':
    print(sum(map(host.work, range(1000))), host.call(lambda: host.call(lambda: 7)))
elif case == 'errors':
    print(failure(lambda: host.work(-1)), failure(lambda: host.call(lambda: 1 // 0)),
          failure(lambda: host.panics(3)))
    print(failure(lambda: host.work('x')))
elif case == 'threads':
    print(on_threads(8, 512, lambda: sum(map(host.work, range(50)))))
elif case == 'large_on_64_KiB_threads':
    print(on_threads(4, 64, lambda: host.large(3)))
else:
    sys.exit('no case ' + case)
