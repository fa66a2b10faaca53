//! Room: whatever stack C calls from, the body has its reserve.

use core::ffi::{c_int, c_void};
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use guarded_callback::{Settings, Source, StackBounds, on_system_stack, remaining_stack, stats};
use tests::{LITTLE, Mode, alone, c, callback, from_c, in_both_modes, near_sp, to_c, use_stack};

const KIB: usize = 1024;

/// What a body saw.
#[derive(Debug, Default)]
struct Seen {
    switched: bool,
    remaining: usize,
    source: Option<Source>,
    calls: usize,
}

callback! { "C" fn needs_128_kib(arg) {
    // SAFETY: every test passes a `Seen` of its own.
    let seen = unsafe { from_c::<Seen>(arg) };
    seen.switched = on_system_stack();
    seen.remaining = remaining_stack().unwrap_or(0);
    seen.source = StackBounds::current().map(|bounds| bounds.source());
    seen.calls += 1;
    use_stack(120 * KIB)
} }

callback! { "C" [reserve = 300 * 1024] fn has_a_big_local(arg) {
    let mut local = [0_u8; 200 * KIB];
    core::hint::black_box(&mut local).fill(7);
    // SAFETY: every test passes a `Seen` of its own.
    unsafe { from_c::<Seen>(arg) }.switched = on_system_stack();
    c_int::from(core::hint::black_box(&local).iter().any(|&byte| byte != 7))
} }

in_both_modes! {
    fn body_on_a_16_kib_thread_has_room(mode) {
        let mut seen = Seen::default();
        // SAFETY: the C function calls back with this argument before it returns.
        let result =
            unsafe { c::c_call_on_thread(16 * KIB, needs_128_kib::of(mode), to_c(&mut seen)) };
        assert_eq!(result, 0);
        assert!(seen.switched && seen.remaining >= 128 * KIB, "{seen:?}");
        assert_eq!(seen.source, Some(Source::System));
    }

    #[cfg(unix)]
    fn body_on_a_thread_whose_stack_lies_in_a_bodys_frame_has_room(mode) {
        callback! { "C" fn outer(arg) {
            // SAFETY: the test passes the pair.
            let (mode, seen) = unsafe { *arg.cast::<(Mode, *mut c_void)>() };
            // 128 KiB on aarch64 Linux, of which a thread has less than all.
            let stack_bytes = (64 * KIB).max(libc::PTHREAD_STACK_MIN);
            // SAFETY: as in the test around.
            unsafe { c::c_call_on_thread_in_frame(stack_bytes, needs_128_kib::of(mode), seen) }
        } }
        let mut seen = Seen::default();
        let mut pair = (mode, to_c(&mut seen));
        // SAFETY: as above.
        assert_eq!(unsafe { c::c_call(outer::of(Mode::Always), to_c(&mut pair)) }, 0);
        assert!(seen.switched && seen.remaining >= 128 * KIB, "{seen:?}");
    }

    fn body_below_a_64_kib_c_frame_has_room(mode) {
        let mut seen = Seen::default();
        callback! { "C" fn outer(arg) {
            // SAFETY: as in the test around.
            let mode = unsafe { *arg.cast::<(Mode, *mut c_void)>() };
            // SAFETY: as in the test around.
            unsafe { c::c_call_with_frame(64 * KIB, needs_128_kib::of(mode.0), mode.1) }
        } }
        let mut pair = (mode, to_c(&mut seen));
        // SAFETY: as above.
        let result =
            unsafe { c::c_call_on_thread(80 * KIB, outer::of(Mode::Plain), to_c(&mut pair)) };
        assert_eq!(result, 0);
        assert!(seen.switched, "{seen:?}");
    }

    fn big_local_on_a_128_kib_thread_is_checked_before_it_exists(mode) {
        let mut seen = Seen::default();
        // SAFETY: as above.
        let result =
            unsafe { c::c_call_on_thread(128 * KIB, has_a_big_local::of(mode), to_c(&mut seen)) };
        assert_eq!(result, 0);
        assert!(seen.switched);
    }

    fn big_local_leaves_the_frame_of_the_shim_small(mode) {
        callback! { "C" fn outer(arg) {
            let low = StackBounds::of_thread().expect("known").low();
            // SAFETY: the argument is the pair that the test passes.
            let (mode, seen) = unsafe { *arg.cast::<(Mode, *mut c_void)>() };
            let left = if LITTLE > 4 * KIB { 4 * KIB } else { 2 * KIB };
            // First use far from the end, so that this is about the warm way.
            // SAFETY: as above.
            let first = unsafe { c::c_call(has_a_big_local::of(mode), seen) };
            // SAFETY: as above.
            first + unsafe { c::c_call_with_left(left, low, has_a_big_local::of(mode), seen) }
        } }
        let mut seen = Seen::default();
        let mut pair = (mode, to_c(&mut seen));
        // SAFETY: as above.
        let result =
            unsafe { c::c_call_on_thread(64 * KIB, outer::of(Mode::Plain), to_c(&mut pair)) };
        assert_eq!(result, 0);
        assert!(seen.switched);
    }

    fn callback_with_little_left_has_room_at_first_use(mode) {
        callback! { "C" fn outer(arg) {
            let low = StackBounds::of_thread().expect("known").low();
            // SAFETY: the argument is the pair that the test passes.
            let (mode, seen) = unsafe { *arg.cast::<(Mode, *mut c_void)>() };
            // SAFETY: as above.
            unsafe { c::c_call_with_left(LITTLE, low, needs_128_kib::of(mode), seen) }
        } }
        let mut seen = Seen::default();
        let mut pair = (mode, to_c(&mut seen));
        // SAFETY: as above.
        let result =
            unsafe { c::c_call_on_thread(32 * KIB, outer::of(Mode::Plain), to_c(&mut pair)) };
        assert_eq!(result, 0);
        assert!(seen.switched && seen.calls == 1, "{seen:?}");
    }

    fn thread_with_room_is_left_by_always_alone(mode) {
        let mut seen = Seen::default();
        for _ in 0..3 {
            // SAFETY: as above.
            let result = unsafe {
                c::c_call_on_thread(1024 * KIB, needs_128_kib::of(mode), to_c(&mut seen))
            };
            assert_eq!(result, 0);
            assert_eq!(seen.switched, mode == Mode::Always);
            assert!(seen.remaining >= 128 * KIB);
        }
    }

    fn nesting_10_000_deep_has_room(mode) {
        NESTING_MODE.store(mode as usize, Relaxed);
        // As many as a thread may hold with 32 bits, where stacks are small, so that the pool keeps
        // all of them.
        Settings::new().spare_stacks(64).apply().expect("the first");
        let mut depth = 10_000_usize;
        // SAFETY: the argument is the counter that the body expects.
        let result = unsafe { c::c_call_on_thread(64 * KIB, nested::of(mode), to_c(&mut depth)) };
        assert_eq!((result, depth), (0, 0));
        assert_eq!(stats().refusals, 0);
        // 10,000 levels of a KiB and more do not fit one system stack: there was at least one more.
        assert!(stats().stacks_mapped >= 2, "{:?}", stats());
        let mapped = stats().stacks_mapped;
        let mut depth = 10_000_usize;
        // SAFETY: as above.
        let result = unsafe { c::c_call_on_thread(64 * KIB, nested::of(mode), to_c(&mut depth)) };
        assert_eq!((result, depth), (0, 0));
        assert_eq!(
            stats().stacks_mapped,
            mapped,
            "the stacks of the first thread were not used again"
        );
    }

    fn every_nested_body_has_its_reserve_and_intact_locals(mode) {
        NESTING_MODE.store(mode as usize, Relaxed);
        let mut depth = 3_000_usize;
        // SAFETY: as above.
        let result = unsafe { c::c_call(nested::of(mode), to_c(&mut depth)) };
        assert_eq!((result, depth), (0, 0));
    }

    fn unknown_c_thread_is_recognised(mode) {
        // Threads that Rust did not make and sees for the first time in the callback, several at
        // once.
        callback! { "C" fn probe(_arg) {
            if remaining_stack().is_some_and(|bytes| bytes >= 128 * KIB) {
                use_stack(120 * KIB)
            } else {
                -1
            }
        } }
        // SAFETY: the body does not use the argument.
        let wrong = unsafe {
            c::c_call_on_threads(32, 16 * KIB, probe::of(mode), core::ptr::null_mut(), 0)
        };
        assert_eq!(wrong, 0);
    }

    fn callback_inside_a_body_stays_on_a_system_stack_with_room(mode) {
        let mut mode = mode;
        // SAFETY: as above.
        assert_eq!(unsafe { c::c_call_on_thread(16 * KIB, outer::of(mode), to_c(&mut mode)) }, 0);
    }
}

static NESTING_MODE: AtomicUsize = AtomicUsize::new(0);

fn nesting_mode() -> Mode {
    if NESTING_MODE.load(Relaxed) == Mode::Always as usize { Mode::Always } else { Mode::WhenLow }
}

callback! { "C" [reserve = 64 * 1024] fn nested(arg) {
    let canary = tests::Canary::new(near_sp() as u64);
    let mut local = [0_u8; 1024];
    core::hint::black_box(&mut local).fill(3);
    // The frame of this body comes off the reserve.
    if remaining_stack().is_none_or(|bytes| bytes < 60 * 1024) {
        return 1;
    }
    // SAFETY: the argument is the counter that the test passes.
    let depth = unsafe { from_c::<usize>(arg) };
    *depth -= 1;
    let below = if *depth > 0 {
        // SAFETY: as above.
        unsafe { c::c_call(nested::of(nesting_mode()), arg) }
    } else {
        0
    };
    below
        + c_int::from(
            !canary.is_intact() || core::hint::black_box(&local).iter().any(|&byte| byte != 3),
        )
} }

callback! { "C" fn inner(arg) {
    // SAFETY: the argument is the address that the outer body passes.
    unsafe { *arg.cast::<usize>() = near_sp() };
    0
} }

callback! { "C" fn outer(arg) {
    // SAFETY: the argument is the mode that the test passes.
    let mode = unsafe { *arg.cast::<Mode>() };
    let mut inner_sp = 0_usize;
    // SAFETY: the argument is as `inner` expects.
    unsafe { c::c_call(inner::of(mode), to_c(&mut inner_sp)) };
    let here = near_sp();
    c_int::from(!(on_system_stack() && here.abs_diff(inner_sp) < 64 * KIB))
} }

/// As `struct big` in stacks.c.
#[repr(C)]
#[derive(Clone, Copy)]
struct Big([u8; 64 * KIB]);

#[guarded_callback::guarded_callback(switch = always)]
extern "C" fn adds_one_always(mut big: Big) -> Big {
    assert!(on_system_stack() && remaining_stack().is_some_and(|bytes| bytes >= 128 * KIB));
    big.0.iter_mut().for_each(|byte| *byte = byte.wrapping_add(1));
    big
}

#[guarded_callback::guarded_callback(switch = when_low)]
extern "C" fn adds_one_when_low(mut big: Big) -> Big {
    assert!(on_system_stack() && remaining_stack().is_some_and(|bytes| bytes >= 128 * KIB));
    big.0.iter_mut().for_each(|byte| *byte = byte.wrapping_add(1));
    big
}

in_both_modes! {
    fn argument_and_result_of_64_kib_are_not_doubled_on_the_calling_stack(mode) {
        callback! { "C" fn passes_a_big_value(arg) {
            // SAFETY: the test passes a function of that type.
            unsafe { c::c_call_with_big_value(tests::CCallback(arg)) }
        } }
        let f = if mode == Mode::Always {
            adds_one_always as *mut c_void
        } else {
            adds_one_when_low as *mut c_void
        };
        // C needs 128 KiB for the two values. An optimised shim adds nothing of that size, but for
        // i686, which has no fast path; a debug build copies; and on powerpc64 and 32-bit Arm rustc
        // passes structures of all sizes as arrays of words, so that every function that gets one
        // copies it: unoptimised three times, so that even one that only passes it on would
        // overflow 384 KiB.
        let in_words = cfg!(any(target_arch = "powerpc64", target_arch = "arm"));
        let copies = cfg!(any(debug_assertions, target_arch = "x86")) || in_words;
        let copies_often = cfg!(debug_assertions) && in_words;
        let stack_bytes = match (copies, mode) {
            (false, _) => 160 * KIB,
            (true, Mode::WhenLow) if !copies_often => 384 * KIB,
            (true, _) => 512 * KIB,
        };
        // SAFETY: as above.
        let result =
            unsafe { c::c_call_on_thread(stack_bytes, passes_a_big_value::of(Mode::Plain), f) };
        assert_eq!(result, 0);
    }
}

const LARGE_RESERVE: usize = 4 * 1024 * KIB;

#[guarded_callback::guarded_callback(reserve = LARGE_RESERVE)]
extern "C" fn has(_: Big, least: &mut usize) {
    *least = remaining_stack().unwrap_or(0).min(*least);
}

#[guarded_callback::guarded_callback(reserve = LARGE_RESERVE, fallback = Big([2; 64 * KIB]))]
extern "C" fn has_or_falls_back(big: Big, least: &mut usize) -> Big {
    *least = remaining_stack().unwrap_or(0).min(*least);
    big
}

#[guarded_callback::guarded_callback(reserve = LARGE_RESERVE, fallback = ())]
#[rustfmt::skip]
extern "C" fn has_thirteen_or_falls_back(
    _: Big, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8,
    least: &mut usize,
) {
    *least = remaining_stack().unwrap_or(0).min(*least);
}

alone! {
    fn body_with_a_large_argument_has_its_reserve_from_wherever_it_is_called() {
        // Addresses of functions in Thumb code are odd. There an unoptimised caller of three such
        // functions passes wrong addresses (rustc 1.96), annotated or not.
        let is_thumb = cfg!(target_arch = "arm") && has as *const () as usize % 2 == 1;
        if is_thumb && cfg!(debug_assertions) {
            println!("skipped: rustc passes wrong arguments after large ones in Thumb code");
            return;
        }
        #[inline(never)]
        fn from_below(steps: usize, call: &mut dyn FnMut()) {
            let mut frame = [0_u8; 8 * KIB];
            core::hint::black_box(&mut frame);
            if steps == 0 { call() } else { from_below(steps - 1, call) }
            core::hint::black_box(&mut frame);
        }
        let run = || {
            let mut least = usize::MAX;
            for steps in 0..500 {
                from_below(steps, &mut || {
                    let big = Big([1; 64 * KIB]);
                    has(big, &mut least);
                    assert_eq!(has_or_falls_back(big, &mut least).0[0], 1);
                    has_thirteen_or_falls_back(big, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, &mut least);
                });
            }
            // What the body itself uses, up to the question.
            assert!(least + 8 * KIB >= LARGE_RESERVE, "{least}");
        };
        let thread = std::thread::Builder::new().stack_size(8 * 1024 * KIB).spawn(run);
        thread.expect("a thread can be made").join().expect("every body has its reserve");
    }
}

callback! { "C" [reserve = "64 KiB"] fn tells_its_stack(_arg) { c_int::from(on_system_stack()) }  }

callback! { "C" [reserve = "64 KiB", fallback = -1] fn tells_its_stack_or_falls_back(_arg) {
    c_int::from(on_system_stack())
} }

alone! {
    fn callback_stays_on_a_stack_with_room_though_another_always_switches() {
        callback! { "C" fn calls_in_turn(_arg) {
            let calls = [
                (tells_its_stack::of(Mode::Always), 1),
                (tells_its_stack::of(Mode::WhenLow), 0),
                (tells_its_stack::of(Mode::Always), 1),
                (tells_its_stack_or_falls_back::of(Mode::WhenLow), 0),
            ];
            // SAFETY: the bodies do not use their argument.
            c_int::from(
                calls.iter().all(
                    |&(f, expected)| unsafe { c::c_call(f, core::ptr::null_mut()) } == expected,
                ),
            )
        } }
        let f = calls_in_turn::of(Mode::Plain);
        // SAFETY: as above.
        assert_eq!(unsafe { c::c_call_on_thread(256 * KIB, f, core::ptr::null_mut()) }, 1);
    }
}
