//! The arithmetic of where stacks end and where they fit, of all systems on each of them: the
//! runtime's own files, without the calls that bring in the figures. `.ci/miri` runs it as well.

#![allow(dead_code, reason = "what else these files have")]

#[path = "../src/bounds.rs"]
mod bounds;
#[path = "../src/stack/memory/place.rs"]
mod place;
#[path = "../src/os_bounds/rules.rs"]
mod rules;
#[path = "../src/switch/windows/teb.rs"]
mod teb;

/// Asked for by what is not called here.
#[cfg(windows)]
mod arch {
    pub(crate) fn teb() -> usize {
        0
    }
}

mod of_bounds {
    use crate::bounds::{Source, StackBounds};

    const BOUNDS: StackBounds = StackBounds::new(0x1000, 0x3000, Source::Registered);

    #[test]
    fn addresses_beside_a_stack_are_not_on_it() {
        assert!(BOUNDS.contains(0x1000) && BOUNDS.contains(0x2fff));
        for beside in [0, 0xfff, 0x3000, usize::MAX] {
            assert!(!BOUNDS.contains(beside), "{beside:#x}");
        }
    }

    #[test]
    fn stack_at_the_end_of_the_address_space_has_addresses() {
        let highest = StackBounds::new(usize::MAX - 0xfff, usize::MAX, Source::Registered);
        assert!(highest.contains(usize::MAX - 1));
        assert!(!highest.contains(usize::MAX) && !highest.contains(0));
    }
}

mod of_rules {
    use crate::bounds::{Source, StackBounds};
    use crate::rules::*;

    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;
    const PAGE: usize = 4096;
    const HIGH: usize = 0x7000_0000;

    fn thread(low: usize, high: usize) -> Option<StackBounds> {
        Some(StackBounds::new(low, high, Source::Thread))
    }

    fn main(low: usize, high: usize) -> Option<StackBounds> {
        Some(StackBounds::new(low, high, Source::MainThread))
    }

    #[test]
    fn infinity_and_nonsense_are_no_limit() {
        // Linux; 32-bit Linux; macOS; FreeBSD, with a sign; Solaris, which has two more values.
        assert_eq!(limit(u64::MAX, u64::MAX), None);
        assert_eq!(limit(u32::MAX, u32::MAX), None);
        assert_eq!(limit((1_u64 << 63) - 1, (1 << 63) - 1), None);
        assert_eq!(limit(i64::MAX, i64::MAX), None);
        assert_eq!(limit(u64::MAX - 2, u64::MAX - 2), None);
        assert_eq!(limit(-1_i64, i64::MAX), None);
        assert_eq!(limit(8_u64 << 20, u64::MAX), Some(8 * MIB));
        assert_eq!(limit(8_i64 << 20, i64::MAX), Some(8 * MIB));
        // 32-bit addresses with 64-bit limits.
        assert_eq!(limit(1_u64 << 40, u64::MAX), usize::try_from(1_u64 << 40).ok());
    }

    #[test]
    fn thread_has_what_is_told_whatever_the_limit() {
        let low = HIGH - 512 * KIB;
        assert_eq!(Reported::below(HIGH, 512 * KIB).of_thread(), thread(low, HIGH));
        let stack = Reported::above(low, 512 * KIB).unwrap();
        assert_eq!(stack.of(false, Some(64 * KIB), PAGE), thread(low, HIGH));
        assert_eq!(stack.without(PAGE).of_thread(), thread(low + PAGE, HIGH));
    }

    #[test]
    fn main_thread_has_the_smaller_of_size_and_limit() {
        let sizes = [
            (8 * MIB, Some(8 * MIB), 8 * MIB),
            // Lowered after the C library had looked, raised after, without a limit.
            (8 * MIB, Some(512 * KIB), 512 * KIB),
            (8 * MIB, Some(64 * MIB), 8 * MIB),
            (8 * MIB, None, 8 * MIB),
            // macOS 10.9.
            (512 * KIB, Some(8 * MIB), 512 * KIB),
            // Solaris, without a limit, and one that was set since.
            (0, None, 8 * MIB),
            (0, Some(10 * MIB), 10 * MIB),
            // Absurd.
            (LARGEST_BELIEVED + 1, None, 8 * MIB),
            (0, Some(usize::MAX), 8 * MIB),
            // No multiple of a page.
            (7_000_001, Some(7_000_001), 6832 * KIB),
            (0, Some(1_000_000), 999_424),
        ];
        for (reported, limit, bytes) in sizes {
            let bounds = Reported::below(HIGH, reported).of(true, limit, PAGE);
            assert_eq!(bounds, main(HIGH - bytes, HIGH), "{reported} {limit:?}");
        }
    }

    #[test]
    fn guard_pages_of_a_main_thread_are_taken_off_its_limit() {
        // FreeBSD: _usrstack of a process with a limit of 64 MiB.
        let usrstack = 0xffbf_e000;
        let stack = Reported::above(usrstack - 64 * MIB, 64 * MIB).unwrap();
        for (pages, limit) in [(0, 64), (1, 64), (16, 64), (1, 1)] {
            let bounds = stack.without(pages * PAGE).of(true, Some(limit * MIB), PAGE);
            assert_eq!(bounds, main(usrstack - limit * MIB + pages * PAGE, usrstack));
        }
        assert_eq!([Some(0), Some(1), Some(16)].map(kernel_guard_pages), [0, 1, 16]);
        assert_eq!([None, Some(-1)].map(kernel_guard_pages), [1, 1]);
        // OpenBSD: the stack ends at 0x7fff_8000 and the ps_strings lie 32 bytes below.
        let stack = Reported::below(0x7fff_7fe0, 4 * MIB).without(PAGE);
        for limit in [4 * MIB, MIB] {
            let bounds = stack.of(true, Some(limit), PAGE);
            assert_eq!(bounds, main(0x7fff_8000 - limit + PAGE, 0x7fff_7fe0));
        }
    }

    #[test]
    fn nonsense_has_no_bounds() {
        assert!(Reported::above(0, MIB).is_none());
        assert!(Reported::above(usize::MAX - 10, MIB).is_none());
        assert_eq!(Reported::below(MIB, 2 * MIB).of_thread(), None);
        assert_eq!(Reported::above(MIB, PAGE).unwrap().without(PAGE).of_thread(), None);
        assert_eq!(Reported::above(MIB, MIB).unwrap().without(usize::MAX).of_thread(), None);
        assert_eq!(Reported::above(MIB, 0).unwrap().of_thread(), None);
    }

    fn linux_main(limit: Option<usize>, lowest_free: Option<usize>) -> usize {
        let main = MainThread { high: HIGH, is_exact: true, limit, page_bytes: PAGE };
        HIGH - main.bounds(|| lowest_free).unwrap().low()
    }

    #[test]
    fn limit_of_linux_is_trusted_as_far_as_the_kernel_keeps_addresses_free() {
        assert_eq!(linux_main(Some(64 * MIB), Some(HIGH - MIB)), 64 * MIB);
        assert_eq!(linux_main(Some(1_000_000), None), 999_424);
        assert_eq!([0, 1, PAGE].map(|limit| linux_main(Some(limit), None)), [PAGE; 3]);
        let inexact =
            MainThread { high: HIGH, is_exact: false, limit: Some(8 * MIB), page_bytes: PAGE };
        assert_eq!(inexact.bounds(|| None), main(HIGH - 6 * MIB, HIGH));
    }

    #[test]
    fn larger_limit_of_linux_gives_what_there_is() {
        for limit in [None, Some(KEPT_FREE_BYTES + 1), Some(usize::MAX / 2)] {
            // Without /proc; with something in the way.
            assert_eq!(linux_main(limit, None), KEPT_FREE_BYTES, "{limit:?}");
            assert_eq!(linux_main(limit, Some(HIGH - 30 * MIB)), 30 * MIB, "{limit:?}");
        }
        assert_eq!(linux_main(None, Some(HIGH - 900 * MIB)), 900 * MIB);
        assert_eq!(linux_main(Some(200 * MIB), Some(HIGH - 900 * MIB)), 200 * MIB);
    }

    fn lowest_free(text: &str, address: usize) -> Option<usize> {
        let mut maps = Maps::new(address, PAGE);
        text.bytes().find_map(|byte| maps.lowest_free(byte))
    }

    #[test]
    fn main_stack_can_grow_to_the_gap_above_what_lies_below() {
        let text = "\
            10000000-10002000 r-xp 00000000 fe:00 1234    /usr/bin/a-w name\n\
            20000000-20001000 rw-p 00000000 00:00 0 \n\
            6ffdf000-70000000 rw-p 00000000 00:00 0       [stack]\n\
            70001000-70002000 r--p 00000000 00:00 0       [vvar]\n";
        assert_eq!(lowest_free(text, 0x6fff_ffff), Some(0x2000_1000 + MIB));
        assert_eq!(lowest_free(text, 0x1000_0000), Some(0x10_0000));
        assert_eq!(lowest_free(text, 0x7000_0000), None);
        // Closer than the gap already.
        let text = "6ffd0000-6ffdf000 rw-p 0 00:00 0\n6ffdff00-70000000 rw-p 0 00:00 0\n";
        assert_eq!(lowest_free(text, 0x6fff_ffff), Some(0x6ffd_ff00));
    }

    #[test]
    fn part_of_the_main_stack_that_cannot_be_written_ends_it() {
        let text = "\
            20000000-20001000 rw-p 00000000 00:00 0 \n\
            6ff00000-6ff10000 rw-p 00000000 00:00 0 \n\
            6ff10000-6ff11000 ---p 00000000 00:00 0 \n\
            6ff11000-6ff20000 rw-p 00000000 00:00 0 \n\
            6ff20000-70000000 rwxp 00000000 00:00 0       [stack]\n";
        assert_eq!(lowest_free(text, 0x6fff_ffff), Some(0x6ff1_1000));
        let text = text.replace("---p", "rw-p");
        assert_eq!(lowest_free(&text, 0x6fff_ffff), Some(0x2000_1000 + MIB));
    }

    #[test]
    fn first_thread_is_the_main_thread_or_the_one_that_forked() {
        let main = main(HIGH - 8 * MIB, HIGH);
        assert_eq!(choose(HIGH - 100, main, || unreachable!("fails without /proc")), main);
        // musl tells the present extent, from the page of the auxiliary vector, at start 132 KiB.
        let present = thread(HIGH - 136 * KIB, HIGH - 4 * KIB);
        assert_eq!(choose(0x2000_0000, main, || present), main);
        let other = thread(0x2000_0000, 0x2001_0000);
        assert_eq!(choose(0x2000_8000, main, || other), other);
        assert_eq!(choose(0x2000_8000, main, || None), main);
        assert_eq!(choose(0x2000_8000, None, || other), other);
    }

    const DESCRIPTOR: usize = LOW + 0xf_f6c0;
    const LOW: usize = 0x6000_0000;

    #[test]
    fn block_of_a_descriptor_is_found_where_only_one_can_be_meant() {
        let block = [LOW, MIB, PAGE];
        let find = |words: &[usize]| find_block(words.iter().copied(), DESCRIPTOR);
        let around = [&[DESCRIPTOR, 0, 17][..], &block, &[PAGE, 0, LOW]].concat();
        let expected = StackBounds::new(LOW + PAGE, LOW + MIB, Source::Thread);
        assert_eq!(find(&around), Some((3, expected)));
        assert_eq!(find(&block), Some((0, expected)));
        assert_eq!(find(&[block, block].concat()), None);
        assert_eq!(find(&[0; 16]), None);
        assert_eq!(find(&block[..2]), None);
    }

    #[test]
    fn words_that_tell_of_no_block_with_the_descriptor_have_no_bounds() {
        let bounds = |words| block_bounds(words, DESCRIPTOR, false);
        assert!(bounds([LOW, MIB, 0]).is_some());
        let wrong = [
            // Below the descriptor, above it; too small for a thread; an address for the size; a
            // guard that is none, or all of it; the main thread's.
            [LOW, 0xf_0000, PAGE],
            [DESCRIPTOR + 0x940, MIB, PAGE],
            [DESCRIPTOR & !0xfff, 8 * KIB, PAGE],
            [LOW, DESCRIPTOR, PAGE],
            [LOW, MIB, 100],
            [LOW, MIB, MIB],
            [0, HIGH, 0],
            [LOW + 8, 2 * MIB, 0],
        ];
        for words in wrong {
            assert_eq!(bounds(words), None, "{words:x?}");
        }
        // Stacks of the program's own: at no page's beginning, and in the lowest memory.
        assert!(block_bounds([LOW + 8, 2 * MIB, 0], DESCRIPTOR, true).is_some());
        assert!(bounds([LOW + 8, MIB, 0]).is_some());
        assert!(block_bounds([0x40_0000, 8 * MIB, 0], 0xbf_f6c0, false).is_some());
    }
}

mod of_teb {
    use crate::teb::*;

    const PAGE: usize = 4096;
    const BELOW: OsStack = stack(0x10_0000, 0x1f_0000, 0x20_0000);
    const CALLING: OsStack = stack(0x50_0000, 0x5f_0000, 0x60_0000);
    const ABOVE: OsStack = stack(0x80_0000, 0x80_3000, 0x90_0000);

    const fn stack(deallocation: usize, limit: usize, base: usize) -> OsStack {
        OsStack { base, limit, deallocation, guarantee_bytes: 0 }
    }

    #[test]
    fn fields_cover_both_stacks() {
        // The rest is that of the body's stack, so an overflow is taken for one of that.
        assert_eq!(CALLING.with(&BELOW), OsStack { base: CALLING.base, ..BELOW });
        assert_eq!(CALLING.with(&ABOVE), OsStack { limit: CALLING.limit, ..ABOVE });
    }

    #[test]
    fn kernel_grows_only_what_lies_below_all_that_is_in_use() {
        assert!(CALLING.lies_above(&BELOW));
        assert!(CALLING.lies_above(&stack(0x4f_0000, 0x4f_3000, CALLING.deallocation)));
        assert!(!CALLING.lies_above(&ABOVE));
        // From a second system stack, where the fields cover two, to one between them.
        assert!(!CALLING.with(&BELOW).lies_above(&stack(0x30_0000, 0x3f_0000, 0x40_0000)));
    }

    #[test]
    fn limit_that_the_kernel_has_moved_is_kept() {
        let reported = OsStack { limit: 0x1a_0000, ..CALLING.with(&BELOW) };
        assert_eq!(BELOW.after(&reported), OsStack { limit: 0x1a_0000, ..BELOW });
        // Another stack was in use in between, or the limit is that of the calling stack.
        assert_eq!(BELOW.after(&CALLING), BELOW);
        assert_eq!(BELOW.after(&OsStack { limit: 0x8000, ..reported }), BELOW);
    }

    #[test]
    fn guard_pages_and_guarantee_are_taken_off() {
        let low = |guarantee_bytes| {
            let own = OsStack { guarantee_bytes, ..BELOW }.own_range(BELOW.deallocation, PAGE)?;
            assert_eq!(own.end, BELOW.base);
            Some(own.start - BELOW.deallocation)
        };
        assert_eq!(low(0), Some(UNUSABLE_PAGES * PAGE));
        // What Rust's own standard library asks for on its threads; rounded up to pages.
        assert_eq!([0x5000, 0x4001].map(low), [Some(UNUSABLE_PAGES * PAGE + 0x5000); 2]);
        assert_eq!([0x40_0000, usize::MAX].map(low), [None; 2]);
        // Grown to its end.
        let grown = OsStack { limit: BELOW.lowest_limit(PAGE), ..BELOW };
        assert_eq!(grown.own_range(BELOW.deallocation, PAGE), Some(grown.limit..BELOW.base));
        assert_eq!(stack(0x10_0000, 0x10_0000, 0x10_0000).own_range(0x10_0000, PAGE), None);
    }

    #[test]
    fn two_stacks_that_another_runtime_tells_of_have_no_bounds() {
        assert_eq!(CALLING.with(&BELOW).own_range(CALLING.deallocation, PAGE), None);
        assert_eq!(CALLING.with(&ABOVE).own_range(ABOVE.deallocation, PAGE), None);
    }
}

mod of_place {
    use crate::place::*;

    const KIB: usize = 1024;
    const MIB: usize = 1024 * KIB;

    /// A system with these allocations, in order, that answers as Windows does.
    fn below_among(taken: &[(usize, usize)], high: usize, bytes: usize) -> Option<usize> {
        below(high, bytes, 64 * KIB, |at| {
            let next = taken.iter().find(|&&(_, end)| at < end);
            Some(match next {
                Some(&(base, _)) if base <= at => Region::Taken { base },
                Some(&(base, _)) => Region::Free { end: base },
                None => Region::Free { end: usize::MAX },
            })
        })
    }

    #[test]
    fn free_region_is_missed_because_its_beginning_is_not_told() {
        assert_eq!(below_among(&[], 64 * MIB, MIB), Some(63 * MIB));
        assert_eq!(below_among(&[], 64 * MIB + 5 * KIB, MIB), Some(63 * MIB));
        // The stack in use, with its upper half above SP.
        assert_eq!(below_among(&[(40 * MIB, 48 * MIB)], 44 * MIB, 8 * MIB), Some(32 * MIB));
    }

    #[test]
    fn place_overlaps_an_allocation() {
        let taken =
            [(2 * MIB, 3 * MIB), (10 * MIB, 11 * MIB), (12 * MIB, 13 * MIB), (40 * MIB, 48 * MIB)];
        assert_eq!(below_among(&taken, 41 * MIB, 8 * MIB), Some(32 * MIB));
        assert_eq!(below_among(&taken, 41 * MIB, 27 * MIB), Some(13 * MIB));
        assert_eq!(below_among(&taken, 13 * MIB, MIB), Some(11 * MIB));
        // Between 3 and 10 MiB there is just room for seven.
        assert_eq!(below_among(&taken, 20 * MIB, 7 * MIB), Some(13 * MIB));
        assert_eq!(below_among(&taken, 19 * MIB, 7 * MIB), Some(3 * MIB));
        assert_eq!(below_among(&taken, 19 * MIB, 7 * MIB + 1), None);
        // Ends that are no multiples of the granularity.
        let odd = [(2 * MIB, 3 * MIB + 4 * KIB), (5 * MIB, 6 * MIB)];
        assert_eq!(below_among(&odd, 6 * MIB, 2 * MIB - 64 * KIB), Some(3 * MIB + 64 * KIB));
        assert_eq!(below_among(&odd, 6 * MIB, 2 * MIB), None);
    }

    #[test]
    fn place_is_found_at_the_bottom_of_the_address_space() {
        assert_eq!(below_among(&[], MIB, MIB), None);
        assert_eq!(below_among(&[], MIB, 2 * MIB), None);
        assert_eq!(below_among(&[(64 * KIB, 32 * MIB)], 40 * MIB, 16 * MIB), None);
    }
}
