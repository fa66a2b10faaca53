//! References in machine code: what is called, jumped to, or has its address taken.
//!
//! Not a disassembler: on x86_64 every byte is tried as the start of an instruction, so that none
//! is missed. What is found by chance hardly ever names the start of a function.

use std::collections::HashMap;

use object::Architecture;

use crate::binary::image::Bytes;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A call or a jump.
    Transfer,
    /// A jump that is taken on a condition, as far as it is told apart: on x86_64.
    Condition,
    /// The address itself.
    Address,
    /// A word with the value of the address, which may be chance.
    Word,
    /// The address, which a call uses soon after: how unoptimised code calls another crate.
    CalledAddress,
}

/// An instruction at `site` that refers to `target`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) site: u64,
    pub(crate) target: u64,
    pub(crate) kind: Kind,
}

/// Whether references can be read in code for this processor.
pub(crate) fn is_known(architecture: Architecture) -> bool {
    matches!(architecture, Architecture::X86_64 | Architecture::I386 | Architecture::Aarch64)
}

/// All references to a target that `is_wanted`; `pointers` are the words that the loader writes.
pub(crate) fn references(
    architecture: Architecture,
    code: &Bytes<'_>,
    pointers: &HashMap<u64, u64>,
    is_wanted: &dyn Fn(u64) -> bool,
) -> Vec<Reference> {
    let found = match architecture {
        Architecture::X86_64 => x86_64(code, pointers, is_wanted),
        Architecture::I386 => x86(code, is_wanted),
        Architecture::Aarch64 => aarch64(code, pointers, is_wanted),
        _ => Vec::new(),
    };
    found.into_iter().filter(|reference| is_wanted(reference.target)).collect()
}

fn x86_64(
    code: &Bytes<'_>,
    pointers: &HashMap<u64, u64>,
    is_wanted: &dyn Fn(u64) -> bool,
) -> Vec<Reference> {
    let mut found = Vec::new();
    for index in 0..code.data.len().saturating_sub(4) {
        let bytes = &code.data[index..];
        let site = code.address + index as u64;
        let add = |found: &mut Vec<_>, target, kind| found.push(Reference { site, target, kind });
        match bytes {
            // call rel32, jmp rel32
            [0xE8 | 0xE9, rest @ ..] => add(&mut found, relative(site, 5, rest), Kind::Transfer),
            // jcc rel32
            [0x0F, 0x80..=0x8F, rest @ ..] if rest.len() >= 4 => {
                add(&mut found, relative(site, 6, rest), Kind::Condition);
            }
            // lea reg, [rip + rel32]
            [0x8D, modrm, rest @ ..] if modrm & 0xC7 == 5 && rest.len() >= 4 => {
                add(&mut found, relative(site, 6, rest), address_kind(code.data, index + 1));
            }
            // Any instruction with [rip + rel32], here at its second byte: what it reads is a
            // word that the loader writes.
            [modrm, rest @ ..] if modrm & 0xC7 == 5 && index > 0 => {
                if let Some(target) = pointers.get(&relative(site, 5, rest)) {
                    add(&mut found, *target, slot_kind(code.data, index));
                }
            }
            _ => {}
        }
        // Any word, in a program that is linked at a fixed place.
        if is_wanted(absolute(bytes)) {
            add(&mut found, absolute(bytes), Kind::Word);
        }
    }
    found
}

/// What an instruction does with a word that holds an address; its second byte is at `index`.
fn slot_kind(code: &[u8], index: usize) -> Kind {
    let is_call_or_jump = code[index - 1] == 0xFF && matches!(code[index] & 0x38, 0x10 | 0x20);
    if is_call_or_jump { Kind::Transfer } else { address_kind(code, index) }
}

/// Whether the register that gets an address is called soon after; the instruction's second byte is
/// at `index`.
fn address_kind(code: &[u8], index: usize) -> Kind {
    const SOON: usize = 48;
    let is_high = index > 1 && code[index - 2] & 0xF4 == 0x44;
    let register = 0xD0 | code[index] >> 3 & 7;
    let after = &code[index + 1..code.len().min(index + SOON)];
    let mut calls = after.windows(3).filter(|bytes| bytes[1] == 0xFF && bytes[2] == register);
    let is_called = calls.any(|bytes| (bytes[0] == 0x41) == is_high);
    if is_called { Kind::CalledAddress } else { Kind::Address }
}

/// As on x86_64, without addresses relative to the instruction.
fn x86(code: &Bytes<'_>, is_wanted: &dyn Fn(u64) -> bool) -> Vec<Reference> {
    let mut found = Vec::new();
    for index in 0..code.data.len().saturating_sub(4) {
        let bytes = &code.data[index..];
        let site = code.address + index as u64;
        let (target, kind) = match bytes {
            [0xE8 | 0xE9, rest @ ..] => (relative(site, 5, rest), Kind::Transfer),
            [0x0F, 0x80..=0x8F, rest @ ..] if rest.len() >= 4 => {
                (relative(site, 6, rest), Kind::Transfer)
            }
            // Any word may be an address.
            word if is_wanted(absolute(word)) => (absolute(word), Kind::Word),
            _ => continue,
        };
        found.push(Reference { site, target: target & 0xFFFF_FFFF, kind });
    }
    found
}

/// The address `distance` bytes behind `site`, moved by the first four of `rest`.
fn relative(site: u64, distance: u64, rest: &[u8]) -> u64 {
    let offset = i32::from_le_bytes([rest[0], rest[1], rest[2], rest[3]]);
    site.wrapping_add(distance).wrapping_add_signed(i64::from(offset))
}

fn absolute(rest: &[u8]) -> u64 {
    u64::from(u32::from_le_bytes([rest[0], rest[1], rest[2], rest[3]]))
}

/// Branches, and pages (`adrp`) with what the next instructions add to them or load from there.
fn aarch64(
    code: &Bytes<'_>,
    pointers: &HashMap<u64, u64>,
    is_wanted: &dyn Fn(u64) -> bool,
) -> Vec<Reference> {
    let mut pages: [Option<u64>; 32] = [None; 32];
    let mut found = Vec::new();
    for (index, word) in code.data.chunks_exact(4).enumerate() {
        let site = code.address + 4 * index as u64;
        let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        if is_wanted(site) {
            // A function begins, and knows nothing of the registers of the one before.
            pages = [None; 32];
        }
        if let Some(target) = branch(site, word) {
            found.push(Reference { site, target, kind: Kind::Transfer });
        } else if let Some(target) = formed(site, word, &mut pages, pointers) {
            found.push(Reference { site, target, kind: Kind::Address });
        }
    }
    found
}

/// `b`, `bl`, `b.cond`, `cbz`, `cbnz`, `tbz` and `tbnz`.
fn branch(site: u64, word: u32) -> Option<u64> {
    let offset = if word & 0x7C00_0000 == 0x1400_0000 {
        signed(word, 0, 26)
    } else if word & 0xFF00_0000 == 0x5400_0000 || word & 0x7E00_0000 == 0x3400_0000 {
        signed(word, 5, 19)
    } else if word & 0x7E00_0000 == 0x3600_0000 {
        signed(word, 5, 14)
    } else {
        return None;
    };
    Some(site.wrapping_add_signed(offset * 4))
}

/// The bits of a signed field.
fn signed(word: u32, from: u32, bits: u32) -> i64 {
    let field = i64::from(word >> from) & ((1 << bits) - 1);
    field - (field >> (bits - 1) << bits)
}

/// An address that is complete with this instruction.
fn formed(
    site: u64,
    word: u32,
    pages: &mut [Option<u64>; 32],
    pointers: &HashMap<u64, u64>,
) -> Option<u64> {
    let (to, from) = ((word & 31) as usize, (word >> 5 & 31) as usize);
    let low = u64::from(word >> 10 & 0xFFF);
    let offset = signed(word, 5, 19) * 4 + i64::from(word >> 29 & 3);
    match word {
        // adrp
        _ if word & 0x9F00_0000 == 0x9000_0000 => {
            pages[to] = Some((site & !0xFFF).wrapping_add_signed(offset << 12));
            None
        }
        // adr
        _ if word & 0x9F00_0000 == 0x1000_0000 => Some(site.wrapping_add_signed(offset)),
        // add to, from, low
        _ if word & 0xFFC0_0000 == 0x9100_0000 => pages[from].map(|page| page + low),
        // ldr to, [from, low * 8]
        _ if word & 0xFFC0_0000 == 0xF940_0000 => pointers.get(&(pages[from]? + low * 8)).copied(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Reference, references};
    use crate::binary::image::Bytes;
    use object::Architecture;
    use std::collections::HashMap;

    fn found(
        architecture: Architecture,
        data: &[u8],
        pointers: &[(u64, u64)],
    ) -> Vec<(u64, u64, Kind)> {
        let pointers: HashMap<_, _> = pointers.iter().copied().collect();
        let code = Bytes { address: 0x1_0000, data };
        let all = references(architecture, &code, &pointers, &|target| {
            target < 0x10_0000 && target % 0x1000 == 0x800
        });
        all.iter().map(|&Reference { site, target, kind }| (site, target, kind)).collect()
    }

    #[test]
    fn calls_jumps_and_addresses_of_x86_64_are_read() {
        let code = [
            &[0xE8, 0xFB, 0x07, 0, 0][..],               // call 0x10800
            &[0x90],                                     // nop
            &[0x0F, 0x84, 0xF4, 0x17, 0, 0],             // je 0x11800
            &[0x48, 0x8D, 0x05, 0xED, 0xF7, 0xFF, 0xFF], // lea rax, [0xf800 + 0x800 ..]
            &[0xFF, 0x15, 0, 0, 0, 0],                   // call [rip]
            &[0x48, 0x8B, 0x0D, 2, 0, 0, 0],             // mov rcx, [rip + 2]
            &[0xFF, 0xD1],                               // call rcx
        ];
        let slots = [(0x1_0019, 0x5800), (0x1_0022, 0x6800)];
        let got = found(Architecture::X86_64, &code.concat(), &slots);
        let expected = [
            (0x1_0000, 0x1_0800, Kind::Transfer),
            (0x1_0006, 0x1_1800, Kind::Condition),
            (0x1_000D, 0xF800, Kind::Address),
            (0x1_0014, 0x5800, Kind::Transfer),
            (0x1_001B, 0x6800, Kind::CalledAddress),
        ];
        assert_eq!(got, expected);
    }

    #[test]
    fn branches_and_addresses_of_aarch64_are_read() {
        let code: Vec<u8> = [
            0x9400_0200_u32, // bl +0x800
            0x17FF_FDFF,     // b -0x804
            0x5400_3FC0,     // b.eq +0x7f8
            0x9000_0008,     // adrp x8, this page
            0x9120_0108,     // add x8, x8, #0x800
            0xF940_0109,     // ldr x9, [x8]
            0xD65F_03C0,     // ret
        ]
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
        let got = found(Architecture::Aarch64, &code, &[(0x1_0000, 0x7800)]);
        let expected = [
            (0x1_0000, 0x1_0800, Kind::Transfer),
            (0x1_0004, 0xF800, Kind::Transfer),
            (0x1_0008, 0x1_0800, Kind::Transfer),
            (0x1_0010, 0x1_0800, Kind::Address),
            (0x1_0014, 0x7800, Kind::Address),
        ];
        assert_eq!(got, expected);
    }
}
