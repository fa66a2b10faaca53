# What it takes to build for other targets and to run what was built, on Debian for amd64. Sourced
# by .ci/cross.
#
# Nothing is downloaded with rustup: Debian's newest compiler (rustc-web) and the sources of its
# standard library are unpacked, not installed, into $cache, and that library is built there once
# for each target. What has been prepared is used again.
cache=${GUARDED_CALLBACK_CROSS:-${XDG_CACHE_HOME:-$HOME/.cache}/guarded-callback-cross}
mkdir -p "$cache/bin" "$cache/deb"

install() {
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 install -y -qq \
    --no-install-recommends "$@" >/dev/null
}

# The packages that are missing, if any.
need() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null \
      | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] || install "${missing[@]}"
}

# Debian's compiler, in $cache/rw, behind $cache/bin/rustc.
prepare_compiler() {
  [ -x "$cache/bin/rustc" ] && return 0
  apt-get -o DPkg::Lock::Timeout=600 update -qq
  local version runtime llvm file tool
  version=$(apt-cache policy rustc-web | awk '/Candidate/ { print $2 }')
  runtime=$(apt-cache depends "libstd-rust-web-dev=$version" \
    | awk '/Depends: libstd-rust-web-/ { print $2; exit }')
  llvm=$(apt-cache depends "$runtime=$version" | awk '/Depends: libllvm/ { print $2; exit }')
  (cd "$cache/deb" && apt-get download -qq "rustc-web=$version" "rust-web-src=$version" \
    "libstd-rust-web-dev=$version" "$runtime=$version" "$llvm") || return 1
  for file in "$cache"/deb/*.deb; do dpkg -x "$file" "$cache/rw" || return 1; done
  rm -f "$cache"/deb/*.deb
  # On a bare machine the compiler's LLVM lacks libraries of its own: the package brings them.
  if ldd "$cache"/rw/usr/lib/x86_64-linux-gnu/libLLVM*.so.* | grep -q 'not found'; then
    install "$llvm" || return 1
  fi
  # The library is to be built as an rlib alone: its dylib would need a linker for each target.
  sed -i 's/crate-type = \["dylib", "rlib"\]/crate-type = ["rlib"]/' \
    "$cache"/rw/usr/src/rustc-*/library/std/Cargo.toml
  for tool in rustdoc rustc; do
    cat >"$cache/bin/$tool" <<END
#!/bin/sh
libraries=$cache/rw/usr/lib/x86_64-linux-gnu
LD_LIBRARY_PATH=\$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH} \\
  exec $cache/rw/usr/bin/$tool "\$@"
END
    chmod +x "$cache/bin/$tool"
  done
}

# The standard library for one target, unoptimised: it is there to be linked and run, not to be
# measured.
prepare_std() {
  local target=$1 library built home object
  home=$cache/rw/usr/lib/rustlib/$target/lib
  [ -e "$home/.done" ] && return 0
  library=$(echo "$cache"/rw/usr/src/rustc-*/library)
  built=$cache/stdbuild/$target
  env -u RUSTFLAGS -u CARGO_ENCODED_RUSTFLAGS -u CARGO_BUILD_TARGET RUSTC="$cache/bin/rustc" \
    RUSTC_WRAPPER= RUSTC_BOOTSTRAP=1 \
    RUSTFLAGS='-Zforce-unstable-if-unmarked -Cembed-bitcode=no' __CARGO_DEFAULT_LIB_METADATA=xc \
    CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_OPT_LEVEL=0 \
      CARGO_PROFILE_RELEASE_PANIC=unwind CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    cargo build --quiet --release --locked --manifest-path "$library/sysroot/Cargo.toml" \
      --features panic-unwind,backtrace \
    --target "$target" --target-dir "$built" || return 1
  mkdir -p "$home"
  cp "$built/$target"/release/deps/*.rlib "$home/"
  rm -rf "$built"
  case $target in *-windows-gnu)
    # The first and the last object of every program that mingw's linker makes.
    for object in rsbegin rsend; do
      RUSTC_BOOTSTRAP=1 "$cache/bin/rustc" --target "$target" --emit obj --crate-type rlib \
        "$library/rtstartup/$object.rs" -o "$home/$object.o" || return 1
    done ;;
  esac
  touch "$home/.done"
}

# zig: C and C++ compiler, linker and C library for what has no gcc package here.
prepare_zig() {
  [ -x "$cache/zig/bin/cargo-zigbuild" ] && return 0
  need python3 python3-pip
  python3 -m pip install --quiet --no-deps --target "$cache/zig" \
    ziglang==0.17.1 cargo-zigbuild==0.24.0
}

# The tools for one target: compilers, linker, C library, emulator.
prepare_tools() {
  local target=$1
  case $target in
    i686-unknown-linux-gnu) need g++-i686-linux-gnu libc6-dev-i386-cross libc6-i386 \
      lib32gcc-s1 lib32stdc++6 ;;
    aarch64-unknown-linux-gnu) need qemu-user g++-aarch64-linux-gnu libc6-dev-arm64-cross ;;
    armv7-unknown-linux-gnueabihf | thumbv7neon-unknown-linux-gnueabihf)
      need qemu-user g++-arm-linux-gnueabihf libc6-dev-armhf-cross ;;
    riscv64gc-unknown-linux-gnu) need qemu-user g++-riscv64-linux-gnu libc6-dev-riscv64-cross ;;
    s390x-unknown-linux-gnu) need qemu-user g++-s390x-linux-gnu libc6-dev-s390x-cross ;;
    powerpc64le-unknown-linux-gnu) need qemu-user g++-powerpc64le-linux-gnu \
      libc6-dev-ppc64el-cross ;;
    *-linux-musl*) need qemu-user && prepare_zig ;;
    x86_64-pc-windows-gnu) prepare_wine64 ;;
    i686-pc-windows-gnu) prepare_wine32 ;;
    x86_64-pc-windows-gnullvm) prepare_zig && prepare_wine64 ;;
    x86_64-pc-windows-msvc) prepare_msvc x86_64 && prepare_wine64 ;;
    i686-pc-windows-msvc) prepare_msvc i686 && prepare_wine32 ;;
    aarch64-pc-windows-msvc) prepare_msvc aarch64 && prepare_wine_arm64 ;;
    x86_64-apple-darwin) prepare_darwin x86_64 gcc ;;
    aarch64-apple-darwin)
      need qemu-user g++-aarch64-linux-gnu libc6-dev-arm64-cross \
      && prepare_darwin aarch64 aarch64-linux-gnu-gcc ;;
    x86_64-unknown-freebsd) prepare_zig && prepare_freebsd x86_64 gcc ;;
    i686-unknown-freebsd)
      prepare_tools i686-unknown-linux-gnu && prepare_zig \
      && prepare_freebsd i686 i686-linux-gnu-gcc ;;
    *-apple-* | *-openbsd) prepare_zig ;;
  esac
}

# FreeBSD's C library as Linux has it (.ci/freebsd), made again when one of our own files there has
# changed. <architecture> <compiler for it>
prepare_freebsd() {
  local arch=$1 compiler=$2 libraries=$cache/freebsd/$1
  need gcc g++ || return 1
  [ -n "$(find .ci/freebsd -newer "$libraries/.done" 2>&1)" ] || return 0
  rm -rf "$libraries"
  bash .ci/freebsd/libraries "$compiler" "$libraries" && touch "$libraries/.done"
}

# What a linker needs for macOS without a file of Apple's, and the loader (.ci/darwin), made again
# when one of our own files there has changed.
# <architecture> <compiler for the loader>
prepare_darwin() {
  local arch=$1 compiler=$2 libraries=$cache/darwin/$1
  need gcc && prepare_zig || return 1
  [ -n "$(find .ci/darwin -newer "$libraries/.done" 2>&1)" ] || return 0
  # The libraries take longer, and change seldom.
  if [ -n "$(find .ci/darwin/libraries -newer "$libraries/libc++.a" 2>&1)" ]; then
    rm -rf "$libraries"
    ZIG_GLOBAL_CACHE_DIR=$cache/zigcache bash .ci/darwin/libraries "$arch" \
      "$cache/zig/ziglang" "$libraries" || return 1
  fi
  "$compiler" -O1 -g -Wall -Wextra -Wno-unused-parameter .ci/darwin/*.c \
    -o "$libraries/loader" -Wl,-z,now -Wl,--no-as-needed -lpthread -ldl -lm \
    && touch "$libraries/.done"
}

# What Microsoft's linker would need, without a file of Microsoft's (.ci/msvc). Made again when one
# of our own files there has changed.
prepare_msvc() {
  local arch=$1 libraries=$cache/msvc/$1
  need clang lld llvm && prepare_zig || return 1
  [ -n "$(find .ci/msvc -newer "$libraries/.done" 2>&1)" ] || return 0
  rm -rf "$libraries"
  bash .ci/msvc/libraries "$arch" "$cache/zig/ziglang" "$libraries" && touch "$libraries/.done"
}

# Debian's Wine has no bcryptprimitives.dll, from which std takes its random numbers: one that
# passes the request on.
prepare_random_numbers() {
  local machine=$1 folder=$cache/shim/$1
  [ -e "$folder/bcryptprimitives.dll" ] && return 0
  mkdir -p "$folder"
  cat >"$folder/random.c" <<'C'
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom */
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count) {
    while (count > 0) {
        ULONG part = count > 1 << 28 ? 1 << 28 : (ULONG)count;
        if (!SystemFunction036(bytes, part)) return FALSE;
        bytes += part;
        count -= part;
    }
    return TRUE;
}
C
  "$machine-w64-mingw32-gcc" -shared -O1 "$folder/random.c" \
    -o "$folder/bcryptprimitives.dll" -ladvapi32 -Wl,--kill-at
}

# Wine's debugger, where there is one, changes the status of programs that die, and does not end in
# qemu. <what starts programs>
without_debugger() {
  timeout 600 "$1" reg add 'HKLM\Software\Microsoft\Windows NT\CurrentVersion\AeDebug' \
    /v Debugger /d '' /f >/dev/null 2>&1
}

# Writes $cache/bin/<name>: starts a program in Wine.
# <name> <folder of the prefix> <machine> <lines before> <Wine's program>
write_wine() {
  local name=$1 prefix=$2 machine=$3 before=$4 program=$5
  cat >"$cache/bin/$name" <<END
#!/bin/sh
$before
export WINEPREFIX=$prefix WINEDEBUG=-all WINEDLLOVERRIDES=dbghelp=n
export WINEPATH='Z:$(echo "$cache/shim/$machine" | tr / '\\')'
exec $program "\$@"
END
  chmod +x "$cache/bin/$name"
  [ -e "$prefix/system.reg" ] || {
    WINEDLLOVERRIDES=mscoree,mshtml= timeout 180 "$cache/bin/$name" wineboot -i >/dev/null 2>&1
    without_debugger "$cache/bin/$name"
  } || true
  prepare_names "$machine" "$prefix/drive_c/windows/system32"
}

# Debian's Wine finds no names of functions for std (.ci/msvc/dbghelp.c). <machine> <where the
# prefix has its DLLs>
prepare_names() {
  local machine=$1 system=$2 folder=$cache/shim/$1 compiler
  [ ! "$system/dbghelp.dll" -nt .ci/msvc/dbghelp.c ] \
    || [ ! -e "$system/dbghelp_wine.dll" ] || return 0
  mkdir -p "$folder"
  [ -e "$system/dbghelp_wine.dll" ] \
    || mv "$system/dbghelp.dll" "$system/dbghelp_wine.dll" || return 1
  case $machine in
    aarch64) compiler=("$cache/zig/ziglang/zig" cc -target aarch64-windows-gnu) ;;
    *) compiler=("$machine-w64-mingw32-gcc" -Wl,--kill-at) ;;
  esac
  { echo EXPORTS
    exported_names "$machine" "$system/dbghelp_wine.dll" |
      awk -v machine="$machine" '
        !/FromInlineContextW$/ && !(machine == "i686" && /^StackWalkEx$/) {
          print $1 " = dbghelp_wine." $1
        }'
  } >"$folder/dbghelp.def"
  ZIG_GLOBAL_CACHE_DIR=$cache/zigcache "${compiler[@]}" -shared -O1 .ci/msvc/dbghelp.c \
    "$folder/dbghelp.def" -o "$folder/dbghelp.new" || return 1
  mv "$folder/dbghelp.new" "$system/dbghelp.dll"
}
# <machine> <DLL>
exported_names() {
  case $1 in
    aarch64) llvm-readobj --coff-exports "$2" | awk '$1 == "Name:" { print $2 }' ;;
    *) "$1-w64-mingw32-objdump" -p "$2" | awk '
      /^.Ordinal.Name Pointer. Table/ { names = 1 }
      /^The / { names = 0 }
      names && /^\t\[/ { print $NF }' ;;
  esac
}

# The compiler of GNU's targets also makes the random numbers.
prepare_wine64() {
  need wine64 g++-mingw-w64-x86-64-posix && prepare_random_numbers x86_64 \
    && write_wine wine64run "$cache/wine64" x86_64 '' /usr/lib/wine/wine64
}

# Unpacks packages and all that they need into a folder of $cache. They are found with a state of
# apt's own, because installing them would make the whole machine one of two architectures, or of
# two releases. <folder> <architecture> <release> <package>...
unpack() {
  local root=$cache/$1 apt=$cache/apt_$1 architecture=$2 release=$3 file own keys options
  shift 3
  [ ! -e "$root/.done" ] || return 0
  own=$(. /etc/os-release && echo "$VERSION_CODENAME")
  mkdir -p "$root" "$apt"/{state/lists/partial,cache/archives/partial,etc}
  : >"$apt/state/status"
  keys=/usr/share/keyrings/debian-archive-keyring.gpg
  apt-get indextargets --format "deb [signed-by=$keys] "'$(SITE) $(RELEASE) $(COMPONENT)' \
    "Created-By: Packages" "Codename: $own" |
    awk -v own="$own" -v release="$release" \
      '$4 == own && $5 == "main" { $4 = release; print }' | sort -u >"$apt/etc/main.list"
  options=(-o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
    -o Dir::Etc::sourcelist=/dev/null -o "Dir::Etc::sourceparts=$apt/etc"
    -o "Dir::State=$apt/state" -o "Dir::State::status=$apt/state/status"
    -o "Dir::Cache=$apt/cache" -o Acquire::Languages=none
    -o APT::Install-Recommends=false -o APT::Sandbox::User=root -qq)
  apt-get "${options[@]}" update && apt-get "${options[@]}" install -y --download-only "$@" \
    >/dev/null || return 1
  for file in "$apt"/cache/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$file" | tar -x -C "$root" --keep-directory-symlink || return 1
  done
  rm -rf "$apt"
  touch "$root/.done"
}

# 32-bit Wine, from the packages of i386.
prepare_wine32() {
  local root=$cache/w32 before
  # The loader of 32-bit programs, at the place that they name; the rest comes from below.
  need libc6-i386 g++-mingw-w64-i686-posix && prepare_random_numbers i686 || return 1
  unpack w32 i386 "$(. /etc/os-release && echo "$VERSION_CODENAME")" wine32 || return 1
  # What the package's own script would do. And dbghelp.dll, by which std walks stacks on i686,
  # needs it, and programs do not find it there.
  cp "$root/usr/i686-w64-mingw32/lib/zlib1.dll" "$root/usr/lib/i386-linux-gnu/wine/i386-windows/"
  cp "$root/usr/i686-w64-mingw32/lib/zlib1.dll" "$cache/shim/i686/"
  before="export LD_LIBRARY_PATH=$root/lib/i386-linux-gnu:$root/usr/lib/i386-linux-gnu"
  before+=" WINESERVER=$root/usr/lib/wine/wineserver32 WINEARCH=win32"
  write_wine wine32run "$cache/wine32" i686 "$before" "$root/usr/lib/wine/wine"
}

# Wine for arm64 in qemu, both of Debian 13: the Wine of Debian 12 has no handler of C++ exceptions
# for arm64, and its qemu takes gigabytes for addresses that a program only reserves.
prepare_wine_arm64() {
  local root=$cache/warm64 prefix=$cache/winearm64 folder pair
  unpack qemu13 amd64 trixie qemu-user && unpack warm64 arm64 trixie wine64 || return 1
  folder=$root/usr/lib/aarch64-linux-gnu
  # The server looks for its tables beside itself, where that is one folder too deep, and otherwise
  # in /usr/share.
  ln -sfn . "$root/usr/share/wine/wine"
  # By these names Wine starts its processes, the name of its loader first, and its server. qemu's
  # -L would take / for its own folder, which Wine then finds on no drive. The CPU is one without
  # landing pads, as Wine's way into system calls has none.
  for pair in "wine64-preloader shift;exec wine64" "wineserver exec wineserver64"; do
    set -- $pair
    cat >"$folder/$1" <<END
#!/bin/sh
${2/;/; } $cache/qemu13/usr/bin/qemu-aarch64 -cpu cortex-a72 $folder/ld-linux-aarch64.so.1 \\
  --library-path $folder $root/usr/lib/wine/$3 "\$@"
END
    chmod +x "$folder/$1"
  done
  cat >"$cache/bin/winearm64run" <<END
#!/bin/sh
# The loader is not to execute itself once more.
export WINELOADERNOEXEC=1 WINEPREFIX=$prefix WINEDEBUG=-all
export WINEDLLOVERRIDES='mscoree,mshtml,winewayland.drv,winex11.drv=;dbghelp=n'
exec $folder/wine64-preloader - "\$@"
END
  chmod +x "$cache/bin/winearm64run"
  if [ -e "$prefix/.done" ]; then
    prepare_names aarch64 "$prefix/drive_c/windows/system32"
    return
  fi
  timeout 600 "$cache/bin/winearm64run" wineboot -i >/dev/null 2>&1 \
    && without_debugger "$cache/bin/winearm64run" \
    && WINEPREFIX=$prefix timeout 60 "$folder/wineserver" -w \
    && prepare_names aarch64 "$prefix/drive_c/windows/system32" && touch "$prefix/.done"
}

# What cargo and the build scripts must know of a target. Changes the environment: to be called in a
# subshell. <target> <what is to be done: to link for FreeBSD is zig's>
enter_target() {
  local target=$1 what=${2:-run} gcc='' runner='' key
  key=$(echo "$target" | tr 'a-z-' 'A-Z_')
  export RUSTC=$cache/bin/rustc RUSTDOC=$cache/bin/rustdoc CARGO_TARGET_DIR=$cache/target
  unset RUSTFLAGS
  case $target in
    i686-unknown-linux-gnu) gcc=i686-linux-gnu ;;
    aarch64-unknown-linux-gnu)
      gcc=aarch64-linux-gnu runner='qemu-aarch64 -L /usr/aarch64-linux-gnu' ;;
    armv7-unknown-linux-gnueabihf | thumbv7neon-unknown-linux-gnueabihf)
      gcc=arm-linux-gnueabihf runner='qemu-arm -L /usr/arm-linux-gnueabihf' ;;
    riscv64gc-unknown-linux-gnu)
      gcc=riscv64-linux-gnu runner='qemu-riscv64 -L /usr/riscv64-linux-gnu' ;;
    s390x-unknown-linux-gnu) gcc=s390x-linux-gnu runner='qemu-s390x -L /usr/s390x-linux-gnu' ;;
    powerpc64le-unknown-linux-gnu)
      gcc=powerpc64le-linux-gnu runner='qemu-ppc64le -L /usr/powerpc64le-linux-gnu' ;;
    x86_64-pc-windows-gnu) gcc=x86_64-w64-mingw32 runner=$cache/bin/wine64run ;;
    i686-pc-windows-gnu) gcc=i686-w64-mingw32 runner=$cache/bin/wine32run ;;
    x86_64-pc-windows-gnullvm) runner=$cache/bin/wine64run ;;
    x86_64-pc-windows-msvc) runner=$cache/bin/wine64run && enter_msvc x86_64 "$key" ;;
    i686-pc-windows-msvc) runner=$cache/bin/wine32run && enter_msvc i686 "$key" ;;
    aarch64-pc-windows-msvc)
      export GUARDED_CALLBACK_EMULATED=1
      runner=$cache/bin/winearm64run && enter_msvc aarch64 "$key" ;;
    x86_64-apple-darwin) runner=$cache/darwin/x86_64/loader && enter_darwin x86_64 "$key" ;;
    aarch64-apple-darwin)
      runner="qemu-aarch64 -L /usr/aarch64-linux-gnu $cache/darwin/aarch64/loader"
      enter_darwin aarch64 "$key" ;;
    *-freebsd) [ "$what" != run ] || enter_freebsd "${target%%-*}" "$key" ;;
    aarch64-*-musl) runner=qemu-aarch64 ;;
    armv7-*-musleabihf) runner=qemu-arm ;;
  esac
  # C library, start files and unwinder are zig's, not those that rustup would ship. Its C++ library
  # has another name.
  case $target in *-linux-musl*)
    export RUSTFLAGS=-Clink-self-contained=no "CXXSTDLIB_${target//-/_}=c++" ;;
  esac
  if [ -n "$gcc" ]; then
    export "CARGO_TARGET_${key}_LINKER=$gcc-gcc" "CC_${target//-/_}=$gcc-gcc" \
      "CXX_${target//-/_}=$gcc-g++" "AR_${target//-/_}=$gcc-ar"
  fi
  if [ -n "$runner" ]; then
    export "CARGO_TARGET_${key}_RUNNER=$runner"
    # The tests start programs, too (tests/src/process.rs). Those that run in Wine start them there.
    case $target in *-windows-*) ;; *) export GUARDED_CALLBACK_RUNNER="$runner" ;; esac
  fi
}

# <architecture> <target as cargo writes it in variables>
enter_msvc() {
  local arch=$1 key=$2 target=$1_pc_windows_msvc library
  export "CC_$target=$PWD/.ci/msvc/cc" "CXX_$target=$PWD/.ci/msvc/c++" \
    "AR_$target=llvm-lib" "CARGO_TARGET_${key}_LINKER=lld-link"
  export GUARDED_CALLBACK_WINDOWS_HEADERS=$cache/zig/ziglang/lib/libc/include/any-windows-any
  RUSTFLAGS="-Lnative=$cache/msvc/$arch"
  # In this order: what a program names is looked for in the first that has it.
  for library in kernel32 ntdll ws2_32 userenv dbghelp advapi32 bcryptprimitives \
    api-ms-win-core-synch-l1-2-0 msvcrt user32; do
    RUSTFLAGS+=" -Clink-args=$library.lib"
  done
  # Every call through a pointer is checked (.ci/msvc/common.c), and the image says that it keeps
  # shadow stacks.
  [ "$arch" != x86_64 ] || RUSTFLAGS+=" -Ccontrol-flow-guard -Clink-args=/CETCOMPAT"
  # The import libraries and assembly here say nothing of safe handlers; with /SAFESEH the linker
  # wants that of all. Backtraces follow frame pointers (.ci/msvc/dbghelp.c).
  [ "$arch" != i686 ] || RUSTFLAGS+=" -Clink-args=/SAFESEH:NO -Cforce-frame-pointers=yes"
  export RUSTFLAGS
}

# <architecture> <target as cargo writes it in variables>
enter_darwin() {
  local arch=$1 key=$2 target=$1_apple_darwin libraries=$cache/darwin/$1 lld
  lld=$(echo "$(env -u RUSTC rustc --print sysroot)"/lib/rustlib/*/bin/rust-lld)
  export "CC_$target=$PWD/.ci/darwin/cc" "CXX_$target=$PWD/.ci/darwin/c++" \
    "AR_$target=$PWD/.ci/darwin/ar" "CARGO_TARGET_${key}_LINKER=$lld"
  export GUARDED_CALLBACK_ZIG=$cache/zig/ziglang/zig ZIG_GLOBAL_CACHE_DIR=$cache/zigcache \
    SDKROOT=$libraries/sdk MACOSX_DEPLOYMENT_TARGET=11.0
  export GUARDED_CALLBACK_LOADER=emulated
  [ "$arch" != x86_64 ] || GUARDED_CALLBACK_LOADER=native
  RUSTFLAGS="-Clinker-flavor=ld64.lld -Lnative=$libraries -Clink-arg=$libraries/libunwind.a"
  RUSTFLAGS+=" -Clink-arg=-undefined -Clink-arg=dynamic_lookup -Clink-arg=-w"
  export RUSTFLAGS
}

# The linker is Linux's, so programs start like any other here. <architecture> <target as cargo
# writes it in variables>
enter_freebsd() {
  local arch=$1 key=$2 target=$1_unknown_freebsd libraries=$cache/freebsd/$1 linker=gcc
  [ "$arch" != i686 ] || linker=i686-linux-gnu-gcc
  export "CC_$target=$PWD/.ci/freebsd/cc" "CXX_$target=$PWD/.ci/freebsd/c++" "AR_$target=ar" \
    "CARGO_TARGET_${key}_LINKER=$linker"
  export GUARDED_CALLBACK_ZIG=$cache/zig/ziglang/zig ZIG_GLOBAL_CACHE_DIR=$cache/zigcache
  RUSTFLAGS="-Lnative=$libraries -Clink-arg=-Wl,@$libraries/wraps,-rpath,$libraries"
  RUSTFLAGS+=" -Clink-arg=-lfreebsd -Clink-arg=-lstdc++ -Clink-arg=-lc"
  export RUSTFLAGS
}

# cargo, or cargo with zig as compiler and linker where there is no other.
cargo_for() {
  local target=$1
  shift
  case $target in
    x86_64-apple-darwin | aarch64-apple-darwin) cargo "$@" --target "$target" ;;
    *-freebsd) if [ -n "${GUARDED_CALLBACK_ZIG:-}" ]; then cargo "$@" --target "$target"
      else zig_cargo "$target" "$@"; fi ;;
    *-linux-musl* | *-apple-* | *-openbsd | *-gnullvm) zig_cargo "$target" "$@" ;;
    *) cargo "$@" --target "$target" ;;
  esac
}
zig_cargo() {
  local target=$1
  shift
  PATH=$cache/zig/bin:$PATH PYTHONPATH=$cache/zig \
    CARGO_ZIGBUILD_ZIG_PATH=$cache/zig/ziglang/zig CARGO_ZIGBUILD_CACHE_DIR=$cache/zigbuild \
    ZIG_GLOBAL_CACHE_DIR=$cache/zigcache SDKROOT='' cargo-zigbuild "$@" --target "$target"
}
