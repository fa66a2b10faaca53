//! longjmp over callbacks: stacks of abandoned activations come back, memory stays flat.

use core::ffi::c_int;
use core::ptr;

use guarded_callback::{on_host_stack, on_system_stack, stats};
use tests::{
    CCallback, Mode, alone, c, callback, in_both_modes, is_emulated, maps, resident_bytes,
    use_stack,
};

const KIB: usize = 1024;

callback! { "C" fn jumps(_arg) {
    if !on_system_stack() || use_stack(32 * KIB) != 0 {
        return -1;
    }
    // SAFETY: the frames between are C's and this one, which has nothing to drop.
    unsafe { c::c_jump() }
} }

#[cfg(target_os = "linux")]
callback! { "C" fn jumps_fortified(_arg) {
    if !on_system_stack() || use_stack(32 * KIB) != 0 {
        return -1;
    }
    // SAFETY: as above.
    unsafe { c::c_jump_fortified() }
} }

callback! { "C" fn jump_many_times(arg) {
    // SAFETY: the tests pass a function of numbers to do here.
    unsafe { (*arg.cast::<fn()>())() };
    0
} }

/// Runs `scenario` on a C thread that is so small that both modes switch.
fn on_small_thread(scenario: fn()) {
    let mut scenario = scenario;
    // SAFETY: the body expects the function.
    let result = unsafe {
        c::c_call_on_thread(120 * KIB, jump_many_times::of(Mode::Plain), tests::to_c(&mut scenario))
    };
    assert_eq!(result, 0);
}

/// Calls `f`, which expects a mode, on a C thread that is so small that both modes switch.
fn told_the_mode(f: CCallback, mut mode: Mode) -> c_int {
    // SAFETY: the body gets what it expects.
    unsafe { c::c_call_on_thread(64 * KIB, f, tests::to_c(&mut mode)) }
}

fn jump(depth: usize, mode: Mode) {
    // SAFETY: the body does not use its argument.
    assert_eq!(unsafe { c::c_call_jumped(depth, jumps::of(mode), ptr::null_mut()) }, 1);
}

/// `count` jumps from depths that `depth` tells, with flat memory after a warm-up.
fn jump_flat(count: usize, mode: Mode, depth: impl Fn(usize) -> usize) {
    let count = tests::rounds(count);
    // As many stacks as depths that are met in this order have to wait for their proof.
    (0..count.min(20_000)).for_each(|i| jump(depth(i), mode));
    (0..count.min(20_000)).for_each(|i| jump(depth(i.wrapping_mul(31)), mode));
    let (maps_before, bytes_before) = (maps(), resident_bytes());
    (0..count).for_each(|i| jump(depth(i), mode));
    println!(
        "{count} jumps: maps {maps_before} -> {}, resident KiB {} -> {}",
        maps(),
        bytes_before / KIB,
        resident_bytes() / KIB
    );
    // A depth that was not met before may leave one more stack behind, which a later jump from
    // above finds.
    assert!(maps() <= maps_before + 40, "maps {maps_before} -> {}, {:?}", maps(), stats());
    let is_flat = resident_bytes() < bytes_before + 512 * KIB;
    assert!(
        is_flat || is_emulated("keeps memory of its own"),
        "{bytes_before} -> {}",
        resident_bytes()
    );
}

/// Between 0 and 64 KiB, in steps of 16, without a pattern.
fn scattered(i: usize) -> usize {
    ((i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) as usize % (64 * KIB) / 16 * 16
}

/// Jumps from one depth: unoptimised they take long.
const MANY: usize = if cfg!(debug_assertions) { 100_000 } else { 1_000_000 };

/// Whether system stacks lie above those of threads, where a fortified jump from a body aborts.
#[cfg(target_os = "linux")]
fn maps_above_threads() -> bool {
    cfg!(not(target_arch = "x86_64")) && is_emulated("maps stacks above those of threads")
}

alone! {
    fn longjmp_from_one_depth_leaks_nothing_in_always() {
        on_small_thread(|| jump_flat(MANY, Mode::Always, |_| 0));
    }
    fn longjmp_from_one_depth_leaks_nothing_in_when_low() {
        on_small_thread(|| jump_flat(MANY, Mode::WhenLow, |_| 0));
    }
    fn longjmp_from_many_depths_leaks_nothing_in_always() {
        on_small_thread(|| jump_flat(20_000, Mode::Always, scattered));
    }
    fn longjmp_from_many_depths_leaks_nothing_in_when_low() {
        on_small_thread(|| jump_flat(20_000, Mode::WhenLow, scattered));
    }

    fn longjmp_from_ever_deeper_frames_is_never_refused() {
        // Each call comes from deeper than all before, below memory of C that nobody writes.
        callback! { "C" fn deeper(_arg) {
            (0..1000).for_each(|i| jump(1024 * i, Mode::Always));
            0
        } }
        // SAFETY: the body does not use its argument.
        let result =
            unsafe { c::c_call_on_thread(2048 * KIB, deeper::of(Mode::Plain), ptr::null_mut()) };
        assert_eq!(result, 0);
    }

    #[cfg(target_os = "linux")]
    fn fortified_longjmp_crosses_the_switch() {
        if maps_above_threads() {
            return;
        }
        on_small_thread(|| (0..tests::rounds(1000)).for_each(|_| {
            // SAFETY: the body does not use its argument.
            let jumped = unsafe {
                c::c_call_jumped_fortified(0, jumps_fortified::of(Mode::Always), ptr::null_mut())
            };
            assert_eq!(jumped, 1);
        }));
    }
}

callback! { "C" fn does_nothing(_arg) { 0 } }

in_both_modes! {
    fn longjmp_between_callbacks_from_other_depths_leaks_nothing(mode) {
        callback! { "C" fn jumps_between_others(arg) {
            // SAFETY: the test passes the mode.
            let mode = unsafe { *arg.cast::<Mode>() };
            for _ in 0..1_000 {
                jump(1024, mode);
                // SAFETY: the body does not use its argument.
                assert_eq!(unsafe { c::c_call(does_nothing::of(mode), ptr::null_mut()) }, 0);
            }
            0
        } }
        assert_eq!(told_the_mode(jumps_between_others::of(Mode::Plain), mode), 0);
        assert!(stats().stacks_mapped <= 4, "{:?}", stats());
    }
}

alone! {
    #[cfg(target_os = "linux")]
    fn fortified_longjmp_of_a_thread_with_a_pooled_stack_crosses_the_switch() {
        if maps_above_threads() {
            return;
        }
        // The system stack is mapped before the stack of the thread that uses it next, which the
        // kernel puts below what is there.
        on_small_thread(|| jump(0, Mode::Always));
        callback! { "C" fn later(_arg) {
            // SAFETY: the body does not use its argument.
            unsafe {
                c::c_call_jumped_fortified(0, jumps_fortified::of(Mode::Always), ptr::null_mut())
                    - 1
            }
        } }
        // SAFETY: as above.
        let result =
            unsafe { c::c_call_on_thread(3 << 20, later::of(Mode::Plain), ptr::null_mut()) };
        assert_eq!(result, 0);
    }
}

in_both_modes! {
    fn callback_after_a_longjmp_leaves_stacks_in_use_alone(mode) {
        // A body that lives calls C, which jumps over an inner callback; the outer body's locals
        // stay intact.
        callback! { "C" fn outer(arg) {
            // SAFETY: the test passes the mode.
            let mode = unsafe { *arg.cast::<Mode>() };
            let canary = tests::Canary::new(8);
            for i in 0..1000 {
                // SAFETY: the body does not use its argument.
                let jumped =
                    unsafe { c::c_call_jumped(scattered(i), jumps::of(mode), ptr::null_mut()) };
                if jumped != 1 || !canary.is_intact() { return i as i32 + 1; }
            }
            0
        } }
        assert_eq!(told_the_mode(outer::of(mode), mode), 0);
    }
}

callback! { "C" fn touches_a_mib_and_jumps(_arg) {
    use_stack(1024 * KIB);
    // SAFETY: the frames between are C's and this one, which has nothing to drop.
    unsafe { c::c_jump() }
} }

callback! { "C" fn touches_a_mib_and_jumps_out_of_a_visit(_arg) {
    use_stack(1024 * KIB);
    // SAFETY: the frames between are C's and those of the visit, which have nothing to drop but the
    // note of it.
    on_host_stack(|| unsafe { c::c_jump() })
} }

in_both_modes! {
    fn longjmp_out_of_visits_holds_at_most_256_mib(mode) {
        if is_emulated("keeps memory of its own") {
            return;
        }
        callback! { "C" fn jumps_out_of_visits(arg) {
            // SAFETY: the test passes the mode.
            let f = touches_a_mib_and_jumps_out_of_a_visit::of(unsafe { *arg.cast::<Mode>() });
            for i in 0..1000 {
                // SAFETY: the body does not use its argument.
                assert_eq!(unsafe { c::c_call_jumped(scattered(i) % 4096, f, ptr::null_mut()) }, 1);
            }
            0
        } }
        assert_eq!(told_the_mode(jumps_out_of_visits::of(Mode::Plain), mode), 0);
        // Of a smaller stack less than a MiB is touched.
        let most = if cfg!(target_pointer_width = "64") { 400 } else { 440 };
        assert!(stats().stacks_mapped < most, "{:?}", stats());
    }
}

/// How many bodies are left.
const SHALLOWER: usize = 700;

/// Nested bodies, each on a further stack, as its own frame leaves less than the next one needs.
/// The last one calls `innermost`.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
fn nested_on_stacks_of_their_own(depth: usize, innermost: fn()) {
    use guarded_callback::{Mode, Options, call_guarded};
    static DEEP: Options = Options::new("deep").reserve((8 << 20) - 64 * KIB).switch(Mode::Always);
    call_guarded(&DEEP, || {
        let frame = core::hint::black_box([0_u8; 100 * KIB]);
        if depth > 1 {
            nested_on_stacks_of_their_own(depth - 1, innermost);
        } else {
            innermost();
        }
        core::hint::black_box(frame);
    });
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
callback! { "C" fn jumps_over_nested(depth) {
    // SAFETY: the test passes the number. The frames that are jumped over are C's, the runtime's
    // and those of the nest, which have nothing to drop.
    unsafe { nested_on_stacks_of_their_own(*depth.cast(), || c::c_jump()) };
    0
} }

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
callback! { "C" fn shallower_on_idle_stacks(held) {
    nested_on_stacks_of_their_own(SHALLOWER, || ());
    let before = resident_bytes();
    for i in (0..SHALLOWER).rev() {
        let f = touches_a_mib_and_jumps::of(Mode::Always);
        // SAFETY: the body does not use its argument.
        assert_eq!(unsafe { c::c_call_jumped(4096 * i, f, ptr::null_mut()) }, 1);
    }
    // SAFETY: the test passes the number.
    unsafe { *held.cast() = resident_bytes().saturating_sub(before) };
    0
} }

alone! {
    fn longjmp_from_ever_shallower_frames_holds_at_most_256_mib() {
        if is_emulated("keeps memory of its own") {
            return;
        }
        callback! { "C" fn shallower(_arg) {
            for i in (0..SHALLOWER).rev() {
                let f = touches_a_mib_and_jumps::of(Mode::Always);
                // SAFETY: the body does not use its argument.
                assert_eq!(unsafe { c::c_call_jumped(4096 * i, f, ptr::null_mut()) }, 1);
            }
            0
        } }
        let before = resident_bytes();
        // SAFETY: as above.
        let result =
            unsafe { c::c_call_on_thread(4096 * KIB, shallower::of(Mode::Plain), ptr::null_mut()) };
        assert_eq!(result, 0);
        println!("resident {} -> {} KiB, {:?}", before / KIB, resident_bytes() / KIB, stats());
        // Of a smaller stack less than a MiB is touched.
        let most = if cfg!(target_pointer_width = "64") { 320 } else { 360 };
        assert!(stats().stacks_mapped < most, "{:?}", stats());
    }

    /// Each body but the first was called from the stack of another one that is dead as well.
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    fn longjmp_over_many_nested_bodies_leaks_nothing() {
        on_small_thread(|| {
            for mut depth in [6, 20, 60] {
                for _ in 0..tests::rounds(600) {
                    let f = jumps_over_nested::of(Mode::Always);
                    // SAFETY: the body expects the number.
                    assert_eq!(unsafe { c::c_call_jumped(0, f, tests::to_c(&mut depth)) }, 1);
                }
                assert!(stats().stacks_mapped <= 3 * depth + 10, "{depth}: {:?}", stats());
            }
        });
    }

    /// The stacks that the bodies leave are idle ones of the thread at first.
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    fn longjmp_from_ever_shallower_frames_leaves_at_most_256_mib_on_idle_stacks() {
        if is_emulated("keeps memory of its own") {
            return;
        }
        let mut held = 0_usize;
        let f = shallower_on_idle_stacks::of(Mode::Plain);
        // SAFETY: the body expects the number.
        let result = unsafe { c::c_call_on_thread(4096 * KIB, f, ptr::from_mut(&mut held).cast()) };
        assert_eq!(result, 0);
        println!("{} KiB more are resident, {:?}", held / KIB, stats());
        assert!(held < 400 << 20, "{held}");
        assert!(stats().stacks_mapped >= SHALLOWER, "{:?}", stats());
    }

    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    fn fortified_longjmp_crosses_the_switch_on_a_thread_at_a_low_address() {
        if maps_above_threads() {
            return;
        }
        callback! { "C" fn later(_arg) {
            // SAFETY: the body does not use its argument.
            unsafe {
                c::c_call_jumped_fortified(0, jumps_fortified::of(Mode::Always), ptr::null_mut())
                    - 1
            }
        } }
        for place in tests::FREE_PLACES {
            // SAFETY: as above.
            let result = unsafe {
                c::c_call_on_thread_at(
                    place,
                    256 * KIB,
                    later::of(Mode::Plain),
                    ptr::null_mut(),
                )
            };
            assert_eq!(result, 0);
        }
    }
}
