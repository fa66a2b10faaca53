//! What debuggers read of the fast path: that all of its instructions are one line of the source.
//!
//! Without a line gdb takes a function for none of the user's and steps over it, and so over the
//! body that it calls or jumps to. The compiler writes nothing of the kind for naked functions,
//! whose addresses are in none of its units. So debug builds say it as a unit of their own, in
//! DWARF 4, which unlike later versions needs no table of forms: <https://dwarfstd.org>.

/// The sections, for the instructions between the labels 30 and 31. Each is apart (`unique`) from
/// those of the compiler, whose references count from the start of its own.
macro_rules! lines {
    () => {
        concat!(
            "
            .if {has_lines}
            // An abbreviation: a unit (0x11) without children, its attributes and their forms, each
            // as below.
            .pushsection .debug_abbrev,\"\",@progbits,unique,1328
            32:
            .byte 1, 0x11, 0
            .byte 0x10, 0x17, 0x11, 0x01, 0x12, 0x07, 0x13, 0x05, 0x03, 0x08, 0, 0
            .byte 0
            .popsection
            .pushsection .debug_info,\"\",@progbits,unique,1328
            // The length of what follows, the version, the abbreviations, the size of addresses.
            .long 34f - 33f
            33:
            .short 4
            .long 32b
            .byte 8
            // The abbreviation: lines, lowest address, bytes, language (assembly), name.
            .byte 1
            .long 35f
            .quad 30b
            .quad 31b - 30b
            .short 0x8001
            .asciz \"", file!(), "\"
            34:
            .popsection
            .pushsection .debug_line,\"\",@progbits,unique,1328
            35:
            // Lengths of all that follows and of the header, around the version.
            .long 39f - 36f
            36:
            .short 4
            .long 38f - 37f
            37:
            // Instructions are counted in bytes, one at a time; lines begin statements. No special
            // opcodes (lines from 1, in a range of 1), and how many operands the others have.
            .byte 1, 1, 1, 1, 1, 10, 0, 1, 1, 1, 1, 0, 0, 0, 1
            // No directories; one file, of which nothing else is said; no more.
            .byte 0
            .asciz \"", file!(), "\"
            .byte 0, 0, 0, 0
            38:
            // From the first instruction on (extended opcode 2) the line (3 advances it, from 1; 1
            // says so), up to the last one (9); then the end (extended opcode 1).
            .byte 0, 9, 2
            .quad 30b
            .byte 3
            .sleb128 {line} - 1
            .byte 1, 9
            .short 31b - 30b
            .byte 0, 1, 1
            39:
            .popsection
            .endif
            "
        )
    };
}
pub(crate) use lines;
