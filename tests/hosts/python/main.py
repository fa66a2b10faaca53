"""python3 main.py LIBRARY CASE: prints what must be the same in each mode."""
import _ctypes, ctypes, os, random, shutil, sys, tempfile

sys.path.insert(0, '../support')
from python_side import extension, on_threads

library, case = sys.argv[1:]
host = extension('python_host', library)
c = ctypes.CDLL(library)
c.apply.restype = ctypes.c_longlong
FUNCTION = ctypes.CFUNCTYPE(ctypes.c_longlong, ctypes.c_int)


def nested(level):
    return host.call(lambda: nested(level + 1))


def raises(n):
    try: host.fail(n)
    except ValueError: return 1


if case == 'ctypes':
    print(c.apply(FUNCTION(lambda n: n * n), 2000))
    inner = FUNCTION(lambda n: n)
    print(c.apply(FUNCTION(lambda n: c.apply(inner, n)), 50))
elif case == 'extension':
    print(sum(host.work(n) % 1000 for n in range(1000)), host.call(lambda: host.call(lambda: 7)))
elif case == 'raises':
    print(sum(raises(n) for n in range(20000)))
    def through(): return host.call(lambda: host.fail(1))
    try: host.call(through)
    except ValueError as e: print(e)
elif case == 'recursion':
    try: nested(0)
    except RecursionError: print('RecursionError')
    print(host.work(1))
elif case == 'deep':
    sys.setrecursionlimit(30000)
    def down(n): return 0 if n == 0 else 1 + host.call(lambda: down(n - 1))
    print(on_threads(2, 65536, lambda: down(6000)))
elif case == 'threads':
    print(on_threads(16, 256, lambda: sum(
        host.work(n) % 100 + c.apply(FUNCTION(lambda n: n), 20) for n in range(50))))
elif case == 'large_on_64_KiB_threads':
    print(on_threads(4, 64, lambda: host.large(3)))
elif case.startswith('greenlet'):
    import greenlet
    def scene():
        # Eight tasks, each suspended in a body, at different depths of the C stack.
        log, tasks = [], []
        via = host.visit if 'visits' in case else host.call
        def deeper(n, f): return f() if n == 0 else via(lambda: deeper(n - 1, f))
        def task(i):
            for k in range(20):
                task = tasks[(i * 3 + k) % 8]
                deeper(i % 4, lambda: task.switch() if not task.dead else None)
                log.append((i, k))
        for i in range(8): tasks.append(greenlet.greenlet(lambda i=i: task(i)))
        for t in tasks:
            while not t.dead: t.switch()
        return len(log)
    print(on_threads(2, 128, scene) if case.endswith('128_KiB') else scene())
elif case == 'two_hundred_libraries':
    with tempfile.TemporaryDirectory() as folder:
        paths = [shutil.copy(library, os.path.join(folder, f'{i}.so')) for i in range(200)]
        opened = [ctypes.CDLL(path) for path in paths]
        assert all(library.add_one(1) == 2 for library in opened)
        order = random.Random(1)
        for _ in range(1000):
            i = order.randrange(200)
            _ctypes.dlclose(opened[i]._handle)
            opened[i] = ctypes.CDLL(paths[i])
            assert opened[i].add_one(1) == 2
        # Wants static TLS, of which nothing may be used up.
        assert ctypes.CDLL('libgomp.so.1').omp_get_max_threads() > 0
    print('all 200')
else:
    sys.exit('no case ' + case)
