"""python3 main.py FOLDER CASE: prints what must be the same in each mode."""
import sys, threading

folder, case = sys.argv[1:]
sys.path.insert(0, folder)
import uniffi_host as host


class Twice(host.Visitor):
    def visit(self, number): return 2 * number + host.work(number)


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
    print(sum(map(host.work, range(1000))))
elif case == 'objects':
    print(host.Counter(5).add_all([1, 2, 3], Twice()))
elif case == 'errors':
    for f in lambda: host.work(-1), lambda: host.panics('x'), lambda: host.work('x'):
        print(failure(f))
elif case == 'threads':
    print(on_threads(8, 512, lambda: host.Counter(1).add_all(list(range(50)), Twice())))
elif case == 'large_on_64_KiB_threads':
    print(on_threads(4, 64, lambda: host.large(3)))
else:
    sys.exit('no case ' + case)
