// gohost CASE: prints what must be the same in each mode.
package main

/*
#cgo LDFLAGS: -lgo_host
#include <stddef.h>
typedef int (*callback)(int);
int host_work(int n);
int host_call(callback f, int n);
int host_thread(callback f, int n);
int host_large_thread(callback f, int n);
void host_profile(int large);
size_t host_samples(void);
extern int goSquare(int n);
extern int goNested(int n);
static int work(int n) { return host_work(n); }
static int call_square(int n) { return host_call(goSquare, n); }
static int call_nested(int n) { return host_call(goNested, n); }
static int thread_square(int n) { return host_thread(goSquare, n); }
static int thread_nested(int n) { return host_thread(goNested, n); }
static int large_thread(int n) { return host_large_thread(goSquare, n); }
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

//export goSquare
func goSquare(n C.int) C.int {
	var frame [1000]C.int // Makes the goroutine's stack grow.
	for i := range frame {
		frame[i] = n
	}
	return frame[n%1000] * n
}

//export goNested
func goNested(n C.int) C.int {
	if n == 0 {
		return 0
	}
	return 1 + C.call_nested(n-1)
}

// parallel adds up what f returns in many goroutines.
func parallel(goroutines, calls int, f func(n int) int) int {
	sums := make([]int, goroutines)
	var all sync.WaitGroup
	for g := range sums {
		all.Add(1)
		go func(g int) {
			defer all.Done()
			for i := 0; i < calls; i++ {
				sums[g] += f(i)
			}
		}(g)
	}
	all.Wait()
	total := 0
	for _, sum := range sums {
		total += sum
	}
	return total
}

type node struct {
	next *node
	pad  [64]byte
}

// busy keeps processors and the collector busy, which interrupts goroutines by SIGURG.
func busy(d time.Duration) {
	runtime.GOMAXPROCS(4)
	for i := 0; i < 6; i++ {
		go func() {
			for {
				var n *node
				for k := 0; k < 100000; k++ {
					n = &node{next: n}
				}
				_ = n
			}
		}()
	}
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(time.Millisecond) {
		runtime.GC()
	}
}

func main() {
	switch os.Args[1] {
	case "goroutines":
		fmt.Println(parallel(50, 200, func(n int) int { return int(C.work(C.int(n))) }))
	case "callbacks":
		fmt.Println(parallel(50, 200, func(n int) int { return int(C.call_square(C.int(n))) }))
	case "nested":
		fmt.Println(parallel(4, 2, func(n int) int { return int(C.call_nested(300)) }))
	case "c_threads":
		fmt.Println(parallel(8, 50, func(n int) int { return int(C.thread_square(C.int(n))) }))
	case "c_threads_nested":
		fmt.Println(parallel(4, 10, func(n int) int { return int(C.thread_nested(20)) }))
	case "profile", "profile_large":
		large := C.int(0)
		if os.Args[1] == "profile_large" {
			large = 1
		}
		C.host_profile(large)
		busy(2 * time.Second)
		fmt.Println(C.host_samples() > 20)
	case "profile_callbacks":
		C.host_profile(0)
		go busy(2 * time.Second)
		total := 0
		for end := time.Now().Add(time.Second); time.Now().Before(end); {
			total += parallel(8, 20, func(n int) int { return int(C.call_square(C.int(n))) - n*n })
		}
		fmt.Println(total, C.host_samples() > 5)
	case "large_on_64_KiB_threads":
		fmt.Println(int(C.large_thread(1)))
	default:
		os.Exit(2)
	}
}
