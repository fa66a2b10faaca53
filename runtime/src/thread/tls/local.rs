//! Thread-locals without destructor, const-initialised, that can be read at any time of a thread's
//! life.
//!
//! `thread_local!` is that where the compiler has native thread-locals. On GNU targets of Windows
//! it has none: there the standard library allocates at first use and refuses access when the
//! thread ends. So on those the images' own mechanism is used directly: the loader copies the
//! section `.tls` for each thread.

#[cfg(not(all(windows, target_env = "gnu", not(target_abi = "llvm"))))]
macro_rules! local {
    (static $name:ident: $type:ty = $value:expr;) => {
        thread_local! {
            static $name: $type = const { $value };
        }
    };
}

#[cfg(all(windows, target_env = "gnu", not(target_abi = "llvm")))]
macro_rules! local {
    (static $name:ident: $type:ty = $value:expr;) => {
        static $name: $crate::thread::tls::local::Local<$type> = {
            // The linker sorts by what follows the `$`, and the C runtime's `ZZZ` ends what is
            // copied.
            #[unsafe(link_section = ".tls$GUARDED")]
            static TEMPLATE: $crate::thread::tls::local::Template<$type> =
                $crate::thread::tls::local::Template($value);
            #[inline(always)]
            fn own() -> *const $type {
                $crate::thread::tls::local::own!(TEMPLATE)
            }
            $crate::thread::tls::local::Local(own)
        };
    };
}

pub(crate) use local;
#[cfg(all(windows, target_env = "gnu", not(target_abi = "llvm")))]
pub(crate) use native::{Local, Template, own, tls_index, tls_start};

#[cfg(all(windows, target_env = "gnu", not(target_abi = "llvm")))]
mod native {
    unsafe extern "C" {
        /// The number of this image's block among the thread's, from the C runtime.
        #[link_name = "_tls_index"]
        pub(crate) static tls_index: u32;
        /// Where what the loader copies begins, from the same.
        #[link_name = "_tls_start"]
        pub(crate) static tls_start: u8;
    }

    /// What the loader copies. Nobody uses it in place.
    pub(crate) struct Template<T>(pub(crate) T);

    // SAFETY: only read, by the loader.
    unsafe impl<T> Sync for Template<T> {}

    pub(crate) struct Local<T: 'static>(pub(crate) fn() -> *const T);

    impl<T> Local<T> {
        /// Lends the calling thread's copy.
        #[inline(always)]
        pub(crate) fn with<R>(&self, look: impl FnOnce(&T) -> R) -> R {
            // SAFETY: the calling thread's copy, which lives as long as the thread.
            look(unsafe { &*(self.0)() })
        }
    }

    /// The address of the calling thread's copy: the TEB points to a row of blocks, in which this
    /// image has a number, and the variable lies as far in the block as in what is copied.
    ///
    /// The linker knows that distance (SECREL32), but ld of binutils 2.40 has the loader add to it
    /// what it adds to addresses in an image that is not loaded where it was linked for. Hence the
    /// difference of two addresses.
    #[cfg(target_arch = "x86_64")]
    macro_rules! own {
        ($template:ident) => {{
            let address;
            // SAFETY: reads what the loader has written before any code of this image runs on the
            // thread.
            unsafe {
                core::arch::asm!(
                    "mov {address:e}, dword ptr [rip + {index}]",
                    "mov {row}, qword ptr gs:[0x58]",
                    "mov {address}, qword ptr [{row} + 8 * {address}]",
                    "lea {row}, [rip + {template}]",
                    "add {address}, {row}",
                    "lea {row}, [rip + {start}]",
                    "sub {address}, {row}",
                    address = out(reg) address,
                    row = out(reg) _,
                    index = sym $crate::thread::tls::local::tls_index,
                    template = sym $template,
                    start = sym $crate::thread::tls::local::tls_start,
                    options(nostack, readonly),
                );
            }
            address
        }};
    }

    #[cfg(target_arch = "x86")]
    macro_rules! own {
        ($template:ident) => {{
            let address;
            // SAFETY: as on x86_64.
            unsafe {
                core::arch::asm!(
                    "mov {address}, dword ptr [{index}]",
                    "mov {row}, dword ptr fs:[0x2C]",
                    "mov {address}, dword ptr [{row} + 4 * {address}]",
                    "add {address}, offset {template}",
                    "sub {address}, offset {start}",
                    address = out(reg) address,
                    row = out(reg) _,
                    index = sym $crate::thread::tls::local::tls_index,
                    template = sym $template,
                    start = sym $crate::thread::tls::local::tls_start,
                    options(nostack, readonly),
                );
            }
            address
        }};
    }

    pub(crate) use own;
}
