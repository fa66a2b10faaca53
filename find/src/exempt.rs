//! Functions that must not carry the attribute: the runtime calls them itself, or nothing that
//! could switch stacks may run in them.

/// Why a function that has this symbol must not be guarded; `None` when it may.
///
/// The names are those that a library defines to replace the system's. A callback that only
/// happens to be called `free` has another symbol.
#[must_use]
pub fn reason_for_symbol(symbol: &str) -> Option<&'static str> {
    match symbol {
        "malloc" | "calloc" | "realloc" | "reallocarray" | "free" | "cfree" | "memalign"
        | "posix_memalign" | "aligned_alloc" | "valloc" | "pvalloc" | "malloc_usable_size" => {
            Some("it replaces the system's allocator, which the runtime may call")
        }
        "mmap" | "mmap64" | "munmap" | "mremap" | "mprotect" | "madvise" | "mincore" | "brk"
        | "sbrk" => Some("it replaces a memory function that the runtime calls to map a stack"),
        "sigaltstack" | "sigaction" | "__sigaction" | "signal" | "sigprocmask"
        | "pthread_sigmask" => Some("it replaces a signal function that the runtime calls"),
        "pthread_self"
        | "pthread_getattr_np"
        | "pthread_attr_getstack"
        | "pthread_key_create"
        | "pthread_key_delete"
        | "pthread_setspecific"
        | "pthread_getspecific" => Some("it replaces a thread function that the runtime calls"),
        "getrlimit" | "getrlimit64" | "sysconf" | "getauxval" | "syscall" | "open" | "open64"
        | "read" | "close" | "abort" | "write" => {
            Some("it replaces a system function that the runtime calls")
        }
        "memcpy" | "memmove" | "memset" | "memcmp" | "bcmp" | "strlen" => {
            Some("the compiler calls it anywhere, the runtime included")
        }
        "_start" | "__libc_start_main" | "_DYNAMIC" | "_init" | "_fini" => {
            Some("the system calls it before there is a thread to ask for its stack")
        }
        _ => reason_for_prefix(symbol),
    }
}

fn reason_for_prefix(symbol: &str) -> Option<&'static str> {
    const PREFIXES: [(&str, &str); 6] = [
        ("__rust_", "it belongs to Rust's own runtime: an allocator or panic hook"),
        ("rust_", "it belongs to Rust's own runtime: an allocator or panic hook"),
        ("_Unwind_", "the unwinder calls it, also while it crosses a switch"),
        ("__cxa_", "the C++ runtime calls it, also while it crosses a switch"),
        ("__tls_", "it finds thread-locals, the runtime's included"),
        ("__asan_", "a sanitizer calls it anywhere, the runtime included"),
    ];
    let found = PREFIXES.iter().find(|(prefix, _)| symbol.starts_with(prefix));
    // A library's own `rust_version` is not one of Rust's symbols.
    let is_ours = |prefix: &str| prefix != "rust_" || RUST_SYMBOLS.contains(&symbol);
    found.filter(|(prefix, _)| is_ours(prefix)).map(|(_, reason)| *reason)
}

const RUST_SYMBOLS: [&str; 5] = [
    "rust_begin_unwind",
    "rust_panic",
    "rust_eh_personality",
    "rust_eh_register_frames",
    "rust_oom",
];

/// Why a function with this attribute must not be guarded.
#[must_use]
pub fn reason_for_attribute(name: &str) -> Option<&'static str> {
    match name {
        "panic_handler" => Some("it is the panic handler, which ends the program"),
        "alloc_error_handler" => Some("it is called when there is no memory, for a stack either"),
        "lang" => Some("it is a language item, which the compiler calls"),
        _ => None,
    }
}

/// Why a function with this ABI must not be guarded.
#[must_use]
pub fn reason_for_abi(name: &str) -> Option<&'static str> {
    if name.contains("interrupt") {
        return Some("an interrupt handler is not called: the hardware enters it");
    }
    name.ends_with("-kernel").then_some("a kernel runs on another processor")
}

#[cfg(test)]
mod tests {
    use super::{reason_for_abi, reason_for_symbol};

    #[test]
    fn replacements_of_what_the_runtime_calls_are_known_and_other_names_are_free() {
        for symbol in ["malloc", "mmap", "sigaltstack", "__rust_alloc", "rust_eh_personality"] {
            assert!(reason_for_symbol(symbol).is_some(), "{symbol}");
        }
        for symbol in ["on_row", "my_malloc", "rust_version", "mmap_open"] {
            assert!(reason_for_symbol(symbol).is_none(), "{symbol}");
        }
    }

    #[test]
    fn handlers_of_interrupts_and_kernels_are_no_callbacks() {
        assert!(reason_for_abi("x86-interrupt").is_some());
        assert!(reason_for_abi("ptx-kernel").is_some());
        assert!(reason_for_abi("C-unwind").is_none());
    }
}
