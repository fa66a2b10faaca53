//! What is asked of the process as a whole: its number, which changes in the child of a fork, and
//! what its executable says.

/// Never zero. Async-signal-safe. But for Unix no process is copied.
pub(crate) fn id() -> usize {
    if cfg!(unix) { std::process::id() as usize } else { 1 }
}

/// What is told of the executable by its program headers (elf(5)).
#[cfg(any(
    target_os = "linux",
    target_os = "android",
    all(target_os = "freebsd", target_arch = "x86_64", not(miri))
))]
pub(crate) mod executable {
    #[cfg(target_pointer_width = "32")]
    use libc::Elf32_Phdr as Header;
    #[cfg(target_pointer_width = "64")]
    use libc::Elf64_Phdr as Header;
    use libc::{c_int, c_void, dl_phdr_info};

    /// Whether `address` lies in a segment of the object that was moved by `base`.
    fn holds(headers: &[Header], base: usize, address: usize) -> bool {
        headers.iter().any(|header| {
            let start = base.wrapping_add(header.p_vaddr as usize);
            header.p_type == libc::PT_LOAD && address.wrapping_sub(start) < header.p_memsz as usize
        })
    }

    /// # Safety
    /// The loader tells of an object that is loaded, and where it has its headers.
    unsafe fn headers_of(object: &dl_phdr_info) -> &[Header] {
        // SAFETY: the caller's promise.
        unsafe { core::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()) }
    }

    /// What the kernel tells; the headers follow that of the file, which begins the first segment.
    #[cfg(not(target_os = "freebsd"))]
    pub(crate) fn contains(address: usize) -> bool {
        // The crate `libc` has the type of the file's header not for every system.
        const FILE_HEADER_BYTES: usize = if cfg!(target_pointer_width = "64") { 64 } else { 52 };
        // SAFETY: getauxval has no preconditions.
        let (start, count) =
            unsafe { (libc::getauxval(libc::AT_PHDR), libc::getauxval(libc::AT_PHNUM)) };
        if start == 0 {
            return false;
        }
        // SAFETY: the kernel tells where the loaded executable has them, and how many.
        let headers =
            unsafe { core::slice::from_raw_parts(start as *const Header, count as usize) };
        let first =
            headers.iter().find(|header| header.p_type == libc::PT_LOAD && header.p_offset == 0);
        first.is_some_and(|first| {
            let file = start as usize - FILE_HEADER_BYTES;
            holds(headers, file.wrapping_sub(first.p_vaddr as usize), address)
        })
    }

    /// The same of the object that the loader tells of first. Takes the loader's lock.
    #[cfg(target_os = "freebsd")]
    pub(crate) fn contains(mut address: usize) -> bool {
        const FOUND: c_int = 1;
        const NOT_FOUND: c_int = 2;
        unsafe extern "C" fn look(
            object: *mut dl_phdr_info,
            _bytes: libc::size_t,
            address: *mut c_void,
        ) -> c_int {
            // SAFETY: the loader's own description, and the address below. Any answer but 0 ends
            // the walk.
            let is_in = unsafe {
                let object = &*object;
                holds(headers_of(object), object.dlpi_addr as usize, *address.cast::<usize>())
            };
            if is_in { FOUND } else { NOT_FOUND }
        }
        // SAFETY: the function has the type that is asked for, and reads the address.
        unsafe { libc::dl_iterate_phdr(Some(look), (&raw mut address).cast()) == FOUND }
    }

    /// Whether code may run on the stacks of the program, as the functions that compilers write
    /// there for nested ones: the executable or one of its libraries wants that. Takes the loader's
    /// lock.
    #[cfg(not(target_os = "freebsd"))]
    pub(crate) fn has_executable_stacks() -> bool {
        unsafe extern "C" fn look(
            object: *mut dl_phdr_info,
            _bytes: libc::size_t,
            _none: *mut c_void,
        ) -> c_int {
            /// `PF_X`, which the crate `libc` has not for every system.
            const EXECUTE: u32 = 1;
            let is_executable =
                |h: &Header| h.p_type == libc::PT_GNU_STACK && h.p_flags & EXECUTE != 0;
            // SAFETY: the loader's own description.
            unsafe { headers_of(&*object) }.iter().any(is_executable).into()
        }
        // SAFETY: the function has the type that is asked for. It ends the walk where it is true.
        unsafe { libc::dl_iterate_phdr(Some(look), core::ptr::null_mut()) != 0 }
    }
}
