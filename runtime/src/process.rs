//! What is asked of the process as a whole: its number, which changes in the child of a fork, and
//! what its executable says.

/// Never zero. Async-signal-safe.
#[cfg(unix)]
pub(crate) fn id() -> usize {
    // SAFETY: no preconditions.
    usize::try_from(unsafe { libc::getpid() }).unwrap_or(1)
}

/// Elsewhere no process is copied.
#[cfg(not(unix))]
pub(crate) fn id() -> usize {
    1
}

/// What the kernel tells of the executable by its program headers (elf(5)).
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) mod executable {
    #[cfg(target_pointer_width = "32")]
    use libc::{Elf32_Ehdr as FileHeader, Elf32_Phdr as Header};
    #[cfg(target_pointer_width = "64")]
    use libc::{Elf64_Ehdr as FileHeader, Elf64_Phdr as Header};

    fn headers() -> &'static [Header] {
        // SAFETY: getauxval has no preconditions.
        let (first, count) =
            unsafe { (libc::getauxval(libc::AT_PHDR), libc::getauxval(libc::AT_PHNUM)) };
        if first == 0 {
            return &[];
        }
        // SAFETY: the kernel tells where the loaded executable has them, and how many.
        unsafe { core::slice::from_raw_parts(first as *const Header, count as usize) }
    }

    /// Whether `address` lies in the executable; the headers follow that of the file, which begins
    /// the first segment.
    pub(crate) fn contains(address: usize) -> bool {
        let segments = || headers().iter().filter(|header| header.p_type == libc::PT_LOAD);
        let first = segments().find(|header| header.p_offset == 0);
        let base = headers().as_ptr().addr() - size_of::<FileHeader>();
        first.is_some_and(|first| {
            let at = address.wrapping_sub(base).wrapping_add(first.p_vaddr as usize);
            segments()
                .any(|header| at.wrapping_sub(header.p_vaddr as usize) < header.p_memsz as usize)
        })
    }

    /// Whether code may run on the stacks of the program, as the functions that compilers write
    /// there for nested ones: the executable or one of its libraries wants that. Takes the loader's
    /// lock.
    pub(crate) fn has_executable_stacks() -> bool {
        unsafe extern "C" fn look(
            object: *mut libc::dl_phdr_info,
            _bytes: libc::size_t,
            _none: *mut libc::c_void,
        ) -> libc::c_int {
            // SAFETY: the loader tells of an object that is loaded, and where it has its headers.
            let headers = unsafe {
                let object = &*object;
                core::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into())
            };
            let is_executable =
                |h: &Header| h.p_type == libc::PT_GNU_STACK && h.p_flags & libc::PF_X != 0;
            headers.iter().any(is_executable).into()
        }
        // SAFETY: the function has the type that is asked for. It ends the walk where it is true.
        unsafe { libc::dl_iterate_phdr(Some(look), core::ptr::null_mut()) != 0 }
    }
}
