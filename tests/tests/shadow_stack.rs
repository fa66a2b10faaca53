//! Calls and returns stay paired, as a shadow stack wants them: a parent steps through a process,
//! instruction by instruction, and keeps the shadow stack that the processor would (the x86-64
//! psABI, "Shadow Stack"). A call pushes the return address, and a return must find it on top.
//! longjmp drops what came since setjmp. The unwinder drops an entry for each frame that it has
//! left: so for each frame that it finds there must be one, in that order.

#![cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]

use core::ffi::c_void;
use core::mem::MaybeUninit;
use core::{fmt, ptr};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use guarded_callback::{Mode as Switch, Options, call_guarded, on_host_stack};
use tests::{CCallback, Mode, c, callback, in_both_modes, is_emulated, to_c};

/// What the stepped process says with a breakpoint: rax is this, rdi an address, rsi a number.
const BEGIN: u64 = 0x5e70;
const FRAMES: u64 = 0x5e71;
const END: u64 = 0x5e72;

#[inline(always)]
fn say(what: u64, address: usize, number: usize) {
    // SAFETY: the parent goes on after the breakpoint.
    unsafe {
        core::arch::asm!("int3", in("rax") what, in("rdi") address, in("rsi") number);
    }
}

unsafe extern "C" {
    fn _Unwind_Backtrace(
        function: extern "C" fn(*mut c_void, *mut c_void) -> i32,
        argument: *mut c_void,
    ) -> i32;
    fn _setjmp();
    fn longjmp();
}

/// Has the unwinder's frames compared with the shadow stack.
#[inline(never)]
fn compare_frames() {
    type Frames = (usize, [usize; 256]);
    extern "C" fn add(context: *mut c_void, frames: *mut c_void) -> i32 {
        unsafe extern "C" {
            fn _Unwind_GetIP(context: *mut c_void) -> usize;
        }
        // SAFETY: the array below, and the unwinder's own context.
        unsafe {
            let (count, ips) = &mut *frames.cast::<Frames>();
            if let Some(ip) = ips.get_mut(*count) {
                *ip = _Unwind_GetIP(context);
                *count += 1;
            }
        }
        0
    }
    let mut frames: Frames = (0, [0; 256]);
    // SAFETY: the function has the type that is asked for, and writes to `frames` alone.
    unsafe { _Unwind_Backtrace(add, (&raw mut frames).cast()) };
    say(FRAMES, frames.1.as_ptr().addr(), frames.0);
}

callback! { "C" fn returns(_arg) {
    compare_frames();
    7
} }

callback! { "C" [fallback = -1] fn returns_with_fallback(_arg) {
    compare_frames();
    7
} }

// Calls what the argument says from C, and from C on the calling stack.
callback! { "C" fn passes_on(arg) {
    // SAFETY: the test passes a callback.
    let f = unsafe { *arg.cast::<CCallback>() };
    // SAFETY: the callbacks do not use their argument.
    let here = unsafe { c::c_call(f, ptr::null_mut()) };
    // SAFETY: the same.
    let there = on_host_stack(|| unsafe { c::c_call(f, ptr::null_mut()) });
    here + there
} }

callback! { "C-unwind" fn panics(_arg) {
    compare_frames();
    resume_unwind(Box::new(7))
} }

callback! { "C-unwind" fn throws(_arg) {
    compare_frames();
    // SAFETY: an exception may leave this function.
    unsafe { c::c_throw(7) }
} }

callback! { "C" fn jumps(_arg) {
    compare_frames();
    // SAFETY: the frames between are C's and this one, which has nothing to drop.
    unsafe { c::c_jump() }
} }

static ALWAYS: Options = Options::new("closure").switch(Switch::Always);
static WHEN_LOW: Options = Options::new("closure").switch(Switch::WhenLow);

in_both_modes! {
    fn returns_find_their_calls(mode) {
        step_through(9, false, || for _ in 0..3 {
            for f in [returns::of(mode), returns_with_fallback::of(mode)] {
                // SAFETY: the callbacks do not use their argument.
                assert_eq!(unsafe { c::c_call(f, ptr::null_mut()) }, 7);
            }
            let options = if mode == Mode::Always { &ALWAYS } else { &WHEN_LOW };
            call_guarded(options, compare_frames);
        });
    }

    fn nested_callbacks_and_visits_return_to_their_calls(mode) {
        step_through(4, false, || for _ in 0..2 {
            let mut f = returns::of(mode);
            // SAFETY: the body expects a callback.
            assert_eq!(unsafe { c::c_call(passes_on::of(mode), to_c(&mut f)) }, 14);
        });
    }

    fn unwinder_finds_one_frame_for_each_call(mode) {
        step_through(3, true, || {
            // SAFETY: the callback does not use its argument.
            assert_eq!(unsafe { c::c_call(returns::of(mode), ptr::null_mut()) }, 7);
            // SAFETY: the same.
            let caught = catch_unwind(AssertUnwindSafe(|| unsafe {
                c::c_call_with_local(panics::of(mode), ptr::null_mut())
            }));
            assert!(caught.is_err());
            // SAFETY: the same.
            assert_eq!(unsafe { c::c_call_catching(throws::of(mode), ptr::null_mut()) }, 5007);
        });
    }

    fn longjmp_over_a_callback_leaves_the_calls_before(mode) {
        step_through(4, false, || for _ in 0..4 {
            // SAFETY: the callback does not use its argument.
            assert_eq!(unsafe { c::c_call_jumped(0, jumps::of(mode), ptr::null_mut()) }, 1);
        });
    }
}

/// Runs `scenario` in a child, step by step, and expects the frames to be compared so many times,
/// and the unwinder to land.
fn step_through(compared: usize, unwinds: bool, scenario: impl FnOnce()) {
    if is_emulated("cannot be traced") {
        return;
    }
    // SAFETY: the child does what it does at any time, and has no other thread.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        // SAFETY: no preconditions.
        assert_eq!(unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) }, 0, "cannot be traced");
        let functions = [_setjmp as *const (), longjmp as *const (), _Unwind_Backtrace as _];
        say(BEGIN, functions.as_ptr().addr(), functions.len());
        scenario();
        say(END, 0, 0);
        // SAFETY: no preconditions.
        unsafe { libc::_exit(0) };
    }
    let mut model = Model::new(pid);
    model.run();
    let Model { calls, compared: found, unwound, .. } = model;
    println!("{calls} calls, frames compared {found} times, {unwound} landings of the unwinder");
    assert!(calls > 30);
    assert_eq!(found, compared);
    assert!(!unwinds || unwound > 2);
}

/// What the next instruction is for a shadow stack.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Call,
    Return,
    Breakpoint,
    Other,
}

/// A return address, and where it lies on the stack.
#[derive(Clone, Copy, PartialEq)]
struct Entry {
    target: u64,
    at: u64,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}, at {:#x}", self.target, self.at)
    }
}

struct Model {
    pid: i32,
    kinds: HashMap<u64, Kind>,
    unwinder: Vec<core::ops::Range<u64>>,
    shadow: Vec<Entry>,
    setjmp: u64,
    longjmp: u64,
    backtrace: u64,
    /// The entries that were there when setjmp had returned, by the address of its buffer.
    jumps: HashMap<u64, usize>,
    /// A longjmp that has not left its frame: SP there, and the entries to leave.
    jump: Option<(u64, usize)>,
    calls: usize,
    compared: usize,
    unwound: usize,
}

impl Model {
    fn new(pid: i32) -> Self {
        Self {
            pid,
            kinds: HashMap::new(),
            unwinder: Vec::new(),
            shadow: Vec::new(),
            setjmp: 0,
            longjmp: 0,
            backtrace: 0,
            jumps: HashMap::new(),
            jump: None,
            calls: 0,
            compared: 0,
            unwound: 0,
        }
    }

    fn run(&mut self) {
        let begin = self.wait();
        assert_eq!(begin.rax, BEGIN);
        [self.setjmp, self.longjmp, self.backtrace] =
            [0, 8, 16].map(|index| self.read(begin.rdi + index));
        self.unwinder = self.mapped("libgcc_s");
        assert!(!self.unwinder.is_empty(), "the unwinder is not a library of its own");
        let mut before = begin;
        loop {
            let kind = self.kind(before.rip);
            self.look_at_jumps(&before);
            if before.rip == self.backtrace {
                before = self.run_until_return(before);
                continue;
            }
            // SAFETY: the child has stopped.
            unsafe { libc::ptrace(libc::PTRACE_SINGLESTEP, self.pid, 0, 0) };
            let after = self.wait();
            match kind {
                Kind::Call => {
                    self.calls += 1;
                    self.shadow.push(Entry { target: self.read(after.rsp), at: after.rsp });
                }
                Kind::Return => self.returned(&before, &after),
                Kind::Breakpoint if after.rax == FRAMES => self.compare(after.rdi, after.rsi),
                Kind::Breakpoint => {
                    assert_eq!(after.rax, END);
                    break;
                }
                Kind::Other => self.jumped(&before, &after),
            }
            match self.jump {
                // Its own frames lie below, so this is where it leads to.
                Some((sp, entries)) if after.rsp > sp + 8 => {
                    self.shadow.truncate(entries);
                    self.jump = None;
                }
                _ => {}
            }
            before = after;
        }
        // SAFETY: the child has stopped; it ends by itself.
        unsafe {
            libc::ptrace(libc::PTRACE_DETACH, self.pid, 0, 0);
            let mut status = 0;
            assert_eq!(libc::waitpid(self.pid, &raw mut status, 0), self.pid);
            assert_eq!(status, 0);
        }
    }

    /// Lets the function run that the child is about to begin, which takes many steps.
    fn run_until_return(&mut self, begin: libc::user_regs_struct) -> libc::user_regs_struct {
        let back = self.shadow.pop().expect("the function was called");
        assert_eq!(back.at, begin.rsp);
        let code = self.read(back.target);
        self.write(back.target, code & !0xff | 0xcc);
        // SAFETY: the child has stopped.
        unsafe { libc::ptrace(libc::PTRACE_CONT, self.pid, 0, 0) };
        let mut end = self.wait();
        self.write(back.target, code);
        end.rip -= 1;
        assert_eq!((end.rip, end.rsp), (back.target, back.at + 8));
        // SAFETY: the child has stopped, and these are its registers.
        unsafe { libc::ptrace(libc::PTRACE_SETREGS, self.pid, 0, &raw const end) };
        end
    }

    /// Waits for the child to stop, and returns its registers.
    fn wait(&self) -> libc::user_regs_struct {
        let mut status = 0;
        let mut registers = MaybeUninit::uninit();
        // SAFETY: room for what is written; the registers are valid where the call succeeds.
        unsafe {
            assert_eq!(libc::waitpid(self.pid, &raw mut status, 0), self.pid);
            assert!(libc::WIFSTOPPED(status), "the child has ended: {status:#x}");
            assert_eq!(libc::WSTOPSIG(status), libc::SIGTRAP);
            let got = libc::ptrace(libc::PTRACE_GETREGS, self.pid, 0, registers.as_mut_ptr());
            assert_eq!(got, 0);
            registers.assume_init()
        }
    }

    fn read(&self, at: u64) -> u64 {
        // SAFETY: the child has stopped; an address that is not mapped is an error.
        unsafe { libc::ptrace(libc::PTRACE_PEEKDATA, self.pid, at, 0) as u64 }
    }

    fn write(&self, at: u64, word: u64) {
        // SAFETY: the child has stopped; it gets a page of its own.
        assert_eq!(unsafe { libc::ptrace(libc::PTRACE_POKEDATA, self.pid, at, word) }, 0);
    }

    /// Where a library's code lies.
    fn mapped(&self, library: &str) -> Vec<core::ops::Range<u64>> {
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", self.pid)).unwrap();
        let code = maps.lines().filter(|line| line.contains(library) && line.contains("r-xp"));
        code.map(|line| {
            let (low, rest) = line.split_once('-').unwrap();
            let high = rest.split_once(' ').unwrap().0;
            let number = |text| u64::from_str_radix(text, 16).unwrap();
            number(low)..number(high)
        })
        .collect()
    }

    fn kind(&mut self, at: u64) -> Kind {
        if let Some(&kind) = self.kinds.get(&at) {
            return kind;
        }
        let bytes = self.read(at).to_le_bytes();
        // Prefixes: sizes, repetitions, branch hints, segments, REX.
        let is_prefix = |byte: &&u8| {
            matches!(**byte, 0x66 | 0x67 | 0xf2 | 0xf3 | 0x26 | 0x2e | 0x36 | 0x3e | 0x64 | 0x65)
                || matches!(**byte, 0x40..=0x4f)
        };
        let prefixes = bytes.iter().take_while(is_prefix).count();
        let kind = match bytes[prefixes..] {
            [0xe8, ..] => Kind::Call,
            [0xff, operand, ..] if matches!(operand >> 3 & 7, 2 | 3) => Kind::Call,
            [0xc2 | 0xc3, ..] => Kind::Return,
            [0xcc, ..] => Kind::Breakpoint,
            _ => Kind::Other,
        };
        self.kinds.insert(at, kind);
        kind
    }

    /// setjmp keeps how many entries there are when it has returned.
    fn look_at_jumps(&mut self, registers: &libc::user_regs_struct) {
        if registers.rip == self.setjmp {
            self.jumps.insert(registers.rdi, self.shadow.len() - 1);
        } else if registers.rip == self.longjmp {
            self.jump = Some((registers.rsp, self.jumps[&registers.rdi]));
        }
    }

    fn returned(&mut self, before: &libc::user_regs_struct, after: &libc::user_regs_struct) {
        let found = Entry { target: after.rip, at: before.rsp };
        // Without an entry it returns to where nobody has looked yet.
        let top = self.shadow.pop().unwrap_or(found);
        assert_eq!(top, found, "{:#x} returns elsewhere", before.rip);
    }

    /// The unwinder goes on in a frame that it has found, by a jump, and drops the entries of the
    /// frames that it has left. Its other jumps are to functions, with the return address on top.
    fn jumped(&mut self, before: &libc::user_regs_struct, after: &libc::user_regs_struct) {
        let is_unwinders = |rip| self.unwinder.iter().any(|code| code.contains(&rip));
        let is_left = is_unwinders(before.rip) && !is_unwinders(after.rip);
        if is_left && self.shadow.last().is_some_and(|top| top.at != after.rsp) {
            while self.shadow.pop_if(|entry| !lies_above(entry.at, after.rsp)).is_some() {}
            self.unwound += 1;
        }
    }

    /// The frames that the unwinder finds have their entries, in the same order.
    fn compare(&mut self, ips: u64, count: u64) {
        // The first one is where the unwinder was called from, which has returned.
        let frames = (1..count).map(|index| self.read(ips + 8 * index));
        let entries = self.shadow.iter().rev().map(|entry| entry.target);
        let entries: Vec<u64> = entries.collect();
        let frames: Vec<u64> = frames.take(entries.len()).collect();
        assert_eq!(frames, entries);
        self.compared += 1;
    }
}

/// Whether the address is on the stack of the frame at `sp`, in it or above: the other stacks are
/// further away than that.
fn lies_above(at: u64, sp: u64) -> bool {
    at >= sp && at - sp < 64 << 20
}
