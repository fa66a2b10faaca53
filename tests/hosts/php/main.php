<?php // php -d extension=LIBRARY main.php CASE: prints what must be the same in each mode.
function sum($n, $f) { $sum = 0; for ($i = 0; $i < $n; $i++) $sum += $f($i); return $sum; }
function failures($n, $f) {
    return sum($n, function () use ($f) { try { $f(); } catch (Error $e) { return 1; } });
}
function fiber($f) { $fiber = new Fiber($f); $fiber->start(); return $fiber->getReturn(); }
function nested($n) { return $n == 0 ? 0 : 1 + host_once(fn() => nested($n - 1)); }

echo json_encode(match ($argv[1]) {
    'calls' => [sum(100000, 'host_work'), host_each(fn($i) => $i * $i), nested(2000)],
    'exceptions' => [
        failures(20000, fn() => host_fail(0)),
        failures(5000, fn() => host_each(fn($i) => host_fail(0))),
    ],
    'fiber' => [
        fiber(fn() => host_work(1)), fiber(fn() => host_each(fn($i) => $i)),
        fiber(fn() => nested(100)),
    ],
    'fiber_exceptions' => failures(5000, fn() => fiber(fn() => host_each(fn($i) => host_fail(0)))),
    'fibers_300' => (function () {
        $fibers = [];
        for ($i = 0; $i < 300; $i++) {
            $fibers[$i] = new Fiber(fn() => host_each(fn($k) => Fiber::suspend($k) + $i));
            $fibers[$i]->start();
        }
        gc_collect_cycles();
        sum(200, 'host_work');
        for ($k = 0; $k < 5; $k++) for ($i = 0; $i < 300; $i++) $fibers[$i * 7 % 300]->resume($k);
        return array_sum(array_map(fn($f) => $f->getReturn(), $fibers));
    })(),
    'generators' => sum(100, function ($n) {
        $generate = (function () use ($n) {
            for ($i = 0; $i < 10; $i++) yield host_each(fn($k) => $k + $i);
        })();
        return array_sum(iterator_to_array($generate));
    }),
    'large_in_fiber' => fiber(fn() => host_large(1)),
}), "\n";
