/** java Host LIBRARY CASE: prints what must be the same in each mode. */
public class Host {
    static native long work(long n);
    static native long large(long n);
    static native long up(long n);
    static native long upUnaware(long n);
    static native long fail(long n);
    static native long through(long n);
    static native long attach(long n);

    static long square(long n) { return n * n; }
    static long throwing(long n) { throw new IllegalArgumentException("from Java"); }
    static long mutual(long n) { return n == 0 ? 0 : 1 + down(n - 1); }
    static native long down(long n);


    static long fails(long n) {
        try { fail(n); return 0; }
        catch (IllegalStateException e) { return e.getMessage().length(); }
    }

    static long onThread(long kibibytes, java.util.function.LongSupplier f) throws Exception {
        long[] result = { -1 };
        Thread t = new Thread(null, () -> result[0] = f.getAsLong(), "t", kibibytes * 1024);
        t.start();
        t.join();
        return result[0];
    }

    static long sum(int n, java.util.function.LongUnaryOperator f) {
        long sum = 0;
        for (int i = 0; i < n; i++) sum += f.applyAsLong(i);
        return sum;
    }

    static String overflows() {
        try { mutual(Long.MAX_VALUE); return "none"; }
        catch (StackOverflowError e) { return "StackOverflowError"; }
    }

    public static void main(String[] arguments) throws Exception {
        System.load(arguments[0]);
        switch (arguments[1]) {
            case "down": System.out.println(sum(100000, n -> work(n) % 100)); break;
            case "up_unaware": System.out.println(upUnaware(100000)); break;
            case "up": System.out.println(up(100000)); break;
            case "mutual":
                System.out.println(mutual(300) + " " + onThread(512, () -> mutual(60)));
                break;
            case "overflow":
                System.out.println(overflows() + " " + onThread(4096, () -> overflows().length()));
                System.out.println(work(1));
                break;
            case "exceptions":
                System.out.println(sum(20000, Host::fails));
                try { through(1); }
                catch (IllegalArgumentException e) { System.out.println(e.getMessage()); }
                break;
            case "threads_512_KiB": {
                Thread[] threads = new Thread[32];
                long[] results = new long[32];
                for (int i = 0; i < 32; i++) {
                    int k = i;
                    threads[i] = new Thread(null,
                        () -> results[k] = sum(200, n -> work(n) % 100) + up(100)
                            + sum(100, Host::fails),
                        "t", 512 * 1024);
                }
                for (Thread t : threads) t.start();
                for (Thread t : threads) t.join();
                System.out.println(java.util.Arrays.stream(results).sum());
                break;
            }
            case "attached": System.out.println(sum(50, Host::attach)); break;
            case "gc": {
                Thread t = new Thread(() -> { for (int i = 0; i < 20; i++) System.gc(); });
                t.start();
                System.out.println(sum(50000, n -> work(n) % 10) + up(20000));
                t.join();
                break;
            }
            case "large_on_512_KiB_threads":
                System.out.println(onThread(512, () -> large(1)));
                break;
            default: System.exit(2);
        }
    }
}
