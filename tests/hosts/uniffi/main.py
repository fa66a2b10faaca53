"""python3 main.py FOLDER CASE: prints what must be the same in each mode."""
import sys

sys.path.insert(0, '../support')
from python_side import failure, on_threads

folder, case = sys.argv[1:]
sys.path.insert(0, folder)
import uniffi_host as host


class Twice(host.Visitor):
    def visit(self, number): return 2 * number + host.work(number)


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
