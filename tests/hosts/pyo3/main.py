"""python3 main.py LIBRARY CASE: prints what must be the same in each mode."""
import sys

sys.path.insert(0, '../support')
from python_side import extension, failure, on_threads

library, case = sys.argv[1:]
host = extension('pyo3_host', library)


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
