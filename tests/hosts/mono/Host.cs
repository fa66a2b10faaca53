// mono Host.exe CASE: prints what must be the same in each mode.
using System;
using System.Runtime.InteropServices;
using System.Threading;

class Host {
    delegate long Callback(long n);
    [DllImport("ffi_host")] static extern long host_work(long n);
    [DllImport("ffi_host")] static extern long host_large(long n);
    [DllImport("ffi_host")] static extern long host_call(Callback f, long n);
    [DllImport("ffi_host")] static extern long host_call_unaware(Callback f, long n);

    static long Sum(int n, Callback f) {
        long sum = 0;
        for (int i = 0; i < n; i++) sum += f(i);
        return sum;
    }
    static long Collect(long n) {
        var held = new string[100];
        for (int i = 0; i < 100; i++) held[i] = (n + i).ToString();
        GC.Collect();
        for (int i = 0; i < 10000; i++) i.ToString();
        long sum = 0;
        foreach (var text in held) sum += long.Parse(text);
        return sum;
    }
    static long Nested(long n) { return n == 0 ? 0 : 1 + host_call(Nested, n - 1); }
    static long OnThread(int kibibytes, Func<long> f) {
        long result = 0;
        var thread = new Thread(() => result = f(), kibibytes * 1024);
        thread.Start();
        thread.Join();
        return result;
    }

    static int Main(string[] arguments) {
        long result;
        switch (arguments[0]) {
            case "down": result = Sum(20000, host_work); break;
            case "up": result = Sum(20000, n => host_call(k => k * k, n)) + Nested(100); break;
            case "up_unaware": result = Sum(20000, n => host_call_unaware(k => k * k, n)); break;
            case "gc": result = Sum(50, n => host_call(Collect, n)); break;
            case "gc_unaware": result = Sum(50, n => host_call_unaware(Collect, n)); break;
            case "threads":
                result = OnThread(1024,
                    () => Sum(100, host_work) + Sum(10, n => host_call(Collect, n)));
                break;
            case "threads_128_KiB":
                result = OnThread(128, () => Sum(10, n => host_call(Collect, n)));
                break;
            case "large_on_128_KiB_threads": result = OnThread(128, () => host_large(1)); break;
            default: return 2;
        }
        Console.WriteLine(result);
        return 0;
    }
}
