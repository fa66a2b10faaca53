//! What is found in small sources, and what `fix` and the command make of them.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::{fs, process};

use guarded_callback_find::{State, find, fix};

/// A folder of one test, gone when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, source: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("guarded-callback-find-{name}-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("lib.rs"), source).unwrap();
        Self(folder)
    }

    fn states(&self) -> Vec<(String, State)> {
        find(&self.0)
            .unwrap()
            .functions
            .into_iter()
            .map(|function| (function.name, function.state))
            .collect()
    }

    fn source(&self) -> String {
        fs::read_to_string(self.0.join("lib.rs")).unwrap()
    }

    fn write(&self, name: &str, text: &str) {
        let file = self.0.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// Makes the folder a git tree, with everything committed.
    fn commit(&self) {
        let author = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
        for arguments in [&["init", "-q"][..], &["add", "-A"], &["commit", "-qm", "all"]] {
            let mut git = Command::new("git");
            git.arg("-C").arg(&self.0).args(author).args(arguments);
            assert!(git.status().unwrap().success());
        }
    }

    fn command(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_cargo-guarded-callback"))
            .args(arguments)
            .arg(&self.0)
            .output()
            .unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn is_cannot(state: &State) -> bool {
    matches!(state, State::Cannot(_))
}

#[test]
fn every_kind_of_function_with_a_body_is_found_once() {
    let folder = Folder::new(
        "kinds",
        r#"
        extern "C" fn free() { extern "C" fn nested() {} }
        extern fn without_a_name_for_the_abi() {}
        pub(crate) unsafe extern "C-unwind" fn unwinds() {}
        struct S;
        impl S { pub extern "system" fn method(&self) {} }
        trait T { extern "C" fn provided() {} extern "C" fn required(); }
        extern "C" { fn foreign(); }
        type Pointer = extern "C" fn();
        extern "Rust" fn rust() {}
        fn plain() { let _closure = || { extern "C" fn in_a_closure() {} }; }
        "#,
    );
    let names: Vec<String> = folder.states().into_iter().map(|(name, _)| name).collect();
    let expected = [
        "free",
        "nested",
        "without_a_name_for_the_abi",
        "unwinds",
        "S::method",
        "T::provided",
        "in_a_closure",
    ];
    assert_eq!(names, expected);
    assert!(folder.states().iter().all(|(_, state)| *state == State::Lacking));
}

#[test]
fn the_attribute_is_known_by_every_way_to_write_it() {
    let folder = Folder::new(
        "ways",
        r#"
        use guarded_callback::guarded_callback as guard;
        #[guarded_callback] extern "C" fn by_name() {}
        #[guarded_callback::guarded_callback(reserve = "1 MiB")] extern "C" fn by_path() {}
        #[guard] extern "C" fn renamed() {}
        #[cfg_attr(unix, guarded_callback(switch = always))] extern "C" fn conditional() {}
        #[guarded_callback]
        mod m {
            extern "C" fn in_mod() {}
            mod inner {
                extern "C" fn deeper() {}
            }
        }
        #[guarded_callback]
        impl S {
            extern "C" fn in_impl() {}
            #[guarded_callback(skip)]
            extern "C" fn left_alone() {}
        }
        #[guarded] extern "C" fn something_else() {}
        #[guarded_callback] mod n { extern "C" fn outer() { extern "C" fn nested() {} } }
        "#,
    );
    let states = folder.states();
    let of = |wanted: State| -> Vec<&str> {
        states.iter().filter(|(_, state)| *state == wanted).map(|(name, _)| name.as_str()).collect()
    };
    let guarded =
        ["by_name", "by_path", "renamed", "conditional", "in_mod", "deeper", "S::in_impl", "outer"];
    assert_eq!(of(State::Guarded), guarded);
    assert_eq!(of(State::Skipped), ["S::left_alone"]);
    assert_eq!(of(State::Lacking), ["something_else", "nested"]);
}

#[test]
fn what_the_attribute_would_refuse_is_told_with_the_reason() {
    let folder = Folder::new(
        "obstacles",
        r#"
        const extern "C" fn constant() {}
        async extern "C" fn asynchronous() {}
        unsafe extern "C" fn variadic(_: i32, ...) {}
        #[unsafe(naked)] extern "C" fn naked() {}
        #[guarded_callback] impl S { const extern "C" fn covered_but_constant() {} }
        "#,
    );
    assert!(folder.states().iter().all(|(_, state)| is_cannot(state)), "{:?}", folder.states());
    assert_eq!(folder.states().len(), 5);
}

#[test]
fn functions_inside_of_macros_are_told_of_and_not_judged() {
    let source = r#"
        macro_rules! make { ($name:ident) => { pub extern "C" fn $name() {} } }
        make! { a }
        cfg_if! { if #[cfg(unix)] { extern "C" fn b() {} } }
        macro_rules! types {
            () => {
                type P = unsafe extern "C" fn(i32);
                extern "C" {
                    fn declared();
                }
            };
        }
        fn f() { lazy!({ extern "C" fn c() {} }); }
        paste! { extern "C" fn [<on_ d>]() {} }
        macro_rules! any { ($($abi:literal)?) => { extern $($abi)? fn e() {} } }
        fn g() { quote! { extern "C" fn #name(#(#arguments),*) -> #out #body } }
        fn h() { quote! { extern "C" fn #name(a: #of) -> #out; extern "C" { fn #name() {} } } }
        #[doc(hidden)] pub macro second($name:ident) { extern "C" fn $name() {} }
        impl const T for S { extern "C" fn f() {} }
    "#;
    let folder = Folder::new("macros", source);
    let report = find(&folder.0).unwrap();
    let within: Vec<&str> = report.hidden.iter().map(|hidden| hidden.within.as_str()).collect();
    let macros = ["macro_rules! make", "cfg_if!", "lazy!", "paste!", "macro_rules! any", "quote!"];
    assert_eq!(within, [&macros[..], &["pub macro second", "impl const T for S"]].concat());
    assert_eq!(report.hidden[0].line, 2);
    assert!(report.functions.is_empty());
}

#[test]
fn words_in_documentation_strings_and_conditions_are_not_attributes() {
    let folder = Folder::new(
        "words",
        r#"
        /// A naked pointer; see `guarded_callback`, and extern "C" fn example() {}.
        extern "C" fn documented() { let _text = "extern \"C\" fn in_a_string() {}"; }
        #[cfg_attr(feature = "guarded_callback", inline)] extern "C" fn only_a_feature() {}
        #[cfg_attr(guarded_callback, inline)] extern "C" fn only_a_condition() {}
        #[cfg_attr(unix, doc = "guarded_callback naked")] extern "C" fn conditional_words() {}
        // extern "C" fn in_a_comment() {}
        "#,
    );
    let names: Vec<String> = folder.states().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["documented", "only_a_feature", "only_a_condition", "conditional_words"]);
    assert!(
        folder.states().iter().all(|(_, state)| *state == State::Lacking),
        "{:?}",
        folder.states()
    );
}

#[test]
fn skip_and_obstacles_are_known_behind_a_condition() {
    let folder = Folder::new(
        "conditions",
        r#"
        use guarded_callback::guarded_callback as gc;
        #[cfg_attr(unix, guarded_callback(skip))] extern "C" fn skipped() {}
        #[gc(skip,)] extern "C" fn renamed() {}
        #[cfg_attr(unix, cfg_attr(linux, gc(reserve = "1 MiB")))] extern "C" fn guarded() {}
        #[cfg_attr(unix, unsafe(naked))] extern "C" fn naked() {}
        #[gc]
        mod m {
            #[gc(skip)]
            trait T {
                extern "C" fn in_trait() {}
            }
            trait U {
                extern "C" fn covered() {}
            }
        }
        "#,
    );
    let states = folder.states();
    let state = |wanted: &str| states.iter().find(|(name, _)| name == wanted).unwrap().1;
    for name in ["skipped", "renamed", "T::in_trait"] {
        assert_eq!(state(name), State::Skipped, "{name}");
    }
    for name in ["guarded", "U::covered"] {
        assert_eq!(state(name), State::Guarded, "{name}");
    }
    assert!(is_cannot(&state("naked")));
}

#[test]
fn a_block_does_not_cover_what_is_nested_in_its_values() {
    let source = r#"
        #[guarded_callback] mod m {
            extern "C" fn covered() {}
            const _: () = { extern "C" fn in_a_constant() {} };
            static TABLE: Table = Table { call: { extern "C" fn in_a_static() {} in_a_static } };
        }
    "#;
    let folder = Folder::new("values", source);
    let lacking: Vec<String> =
        find(&folder.0).unwrap().lacking().map(|function| function.name.clone()).collect();
    assert_eq!(lacking, ["in_a_constant", "in_a_static"]);
}

#[test]
fn unusual_names_and_places_are_found_and_fixed() {
    let source = [
        "mod a { pub mod b {\r\n    #[cfg(any())]\r\n    extern \"C\" fn r#match() {}\r\n",
        "    pub(in crate::a) unsafe extern \"C-unwind\" fn ünïcode() {} } }\r\n",
        "impl<'a, T: Tr> Tr for S<'a, T> { unsafe extern \"system\" fn m(&self) {} ",
        "default extern \"C\" fn d() {} }\r\n",
        "fn host() { let x = [(); { extern \"C\" fn in_a_length() {} 0 }]; ",
        "/* ← */ extern fn after() {} }\r\n",
    ];
    let source = &source.concat();
    let folder = Folder::new("unusual", source);
    let names: Vec<String> = folder.states().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["r#match", "ünïcode", "S<'a,T>::m", "S<'a,T>::d", "in_a_length", "after"]);
    assert_eq!(fix(&find(&folder.0).unwrap(), "g").unwrap(), 6);
    let fixed = folder.source();
    assert_eq!(fixed.replace("#[g]\r\n    ", "").replace("#[g] ", ""), *source);
    assert!(fixed.contains("#[cfg(any())]\r\n    #[g]\r\n    extern \"C\" fn r#match"), "{fixed}");
    assert!(
        fixed.contains(
            "{ #[g] unsafe extern \"system\" fn m(&self) {} #[g] default extern \"C\" fn d"
        ),
        "{fixed}"
    );
    assert!(fixed.contains("/* ← */ #[g] extern fn after"), "{fixed}");
}

#[test]
fn what_only_looks_like_a_function_in_a_macro_is_not_told_of() {
    let source = r#"
        once! { extern crate a; fn plain() {} }
        block! { extern "C" {} fn plain() {} }
        rust! { extern "Rust" fn rust() {} }
        macro_rules! matched {
            ($abi:literal, extern "C" fn $name:ident() -> $out:ty $body:block) => {};
        }
        macro_rules! declared { ($name:ident, $out:ty) => { extern "C" { fn $name() -> $out; } } }
        macro_rules! body { ($body:block, $abi:literal) => { extern $abi fn name() $body } }
        macro_rules! several {
            ($name:ident, $out:ty) => {
                extern "C" fn $name() -> *mut $out {
                    loop {}
                }
            };
        }
    "#;
    let folder = Folder::new("looks", source);
    let report = find(&folder.0).unwrap();
    let within: Vec<&str> = report.hidden.iter().map(|hidden| hidden.within.as_str()).collect();
    assert_eq!(within, ["macro_rules! body", "macro_rules! several"]);
}

#[test]
fn a_file_that_is_included_as_an_expression_is_looked_at() {
    let folder = Folder::new("included", "[{ extern \"C\" fn f() {} f }, g]\n");
    assert_eq!(fix(&find(&folder.0).unwrap(), "g").unwrap(), 1);
    assert_eq!(folder.source(), "[{ #[g] extern \"C\" fn f() {} f }, g]\n");
}

#[test]
fn deep_syntax_has_room_on_the_thread_of_a_test() {
    let deep = format!("fn f() -> u32 {{ {}1{} }}\n", "(".repeat(2_000), ")".repeat(2_000));
    let chain = format!("fn g() -> u32 {{ 1{} }}\n", " + 1".repeat(10_000));
    let folder = Folder::new("deep", &format!("{deep}{chain}extern \"C\" fn h() {{}}\n"));
    assert_eq!(fix(&find(&folder.0).unwrap(), "g").unwrap(), 1);
}

#[test]
fn a_file_named_twice_is_fixed_once_and_one_that_has_changed_is_left() {
    let folder = Folder::new("twice", "extern \"C\" fn f() {}\n");
    let file = folder.0.join("lib.rs");
    let output = folder.command(&[
        "fix",
        "--allow-no-vcs",
        "--attribute",
        "g",
        file.to_str().unwrap(),
        "--",
    ]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(folder.source(), "#[g]\nextern \"C\" fn f() {}\n");

    let report = find(&folder.0).unwrap();
    fs::write(&file, "\n\nextern \"C\" fn f() {}\n").unwrap();
    assert!(fix(&report, "g").unwrap_err().to_string().contains("has changed since"));
    assert_eq!(folder.source(), "\n\nextern \"C\" fn f() {}\n");
}

#[cfg(unix)]
#[test]
fn fix_keeps_permissions_and_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new("permissions", "extern \"C\" fn f() {}\n");
    let (file, link) = (folder.0.join("lib.rs"), folder.0.join("link.rs"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&file, &link).unwrap();
    assert_eq!(fix(&find(&link).unwrap(), "g").unwrap(), 1);
    assert!(link.is_symlink());
    assert_eq!(folder.source(), "#[g]\nextern \"C\" fn f() {}\n");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);

    let source = "extern \"C\" fn f() {}\n";
    fs::write(&file, source).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
    let error = fix(&find(&file).unwrap(), "g").unwrap_err();
    assert!(error.to_string().ends_with("lib.rs: is read-only"), "{error}");
    assert_eq!(folder.source(), source);
}

#[test]
fn fix_inserts_the_attribute_once_and_changes_nothing_else() {
    let source = "//! Docs.\r\n/// One.\r\n#[no_mangle]\r\npub extern \"C\" fn one() {}\r\n    \
                  extern fn two() {} extern fn three() {}\r\n";
    let folder = Folder::new("fix", source);
    assert_eq!(fix(&find(&folder.0).unwrap(), "guard::guarded_callback").unwrap(), 3);
    let expected = "//! Docs.\r\n/// One.\r\n#[no_mangle]\r\n#[guard::guarded_callback]\r\n\
                    pub extern \"C\" fn one() {}\r\n    #[guard::guarded_callback]\r\n    \
                    extern fn two() {} #[guard::guarded_callback] extern fn three() {}\r\n";
    assert_eq!(folder.source(), expected);
    assert_eq!(fix(&find(&folder.0).unwrap(), "guard::guarded_callback").unwrap(), 0);
    assert_eq!(folder.source(), expected);
}

#[test]
fn fix_works_behind_a_shebang_and_a_byte_order_mark() {
    let folder = Folder::new("mark", "\u{feff}extern \"C\" fn f() {}\n");
    fix(&find(&folder.0).unwrap(), "g").unwrap();
    assert_eq!(folder.source(), "\u{feff}#[g]\nextern \"C\" fn f() {}\n");
    let folder = Folder::new("shebang", "#!/usr/bin/env run\nextern \"C\" fn f() {}\n");
    fix(&find(&folder.0).unwrap(), "g").unwrap();
    assert_eq!(folder.source(), "#!/usr/bin/env run\n#[g]\nextern \"C\" fn f() {}\n");
}

#[test]
fn an_attribute_that_is_none_changes_nothing() {
    let folder = Folder::new("nonsense", "extern \"C\" fn f() {}\n");
    let error = fix(&find(&folder.0).unwrap(), "not an attribute").unwrap_err();
    assert!(error.to_string().contains("`not an attribute` is no attribute"), "{error}");
    assert_eq!(folder.source(), "extern \"C\" fn f() {}\n");
}

#[test]
fn the_command_says_what_lacks_and_its_status_says_so_too() {
    let folder = Folder::new(
        "command",
        "extern \"C\" fn f() {}\n#[guarded_callback] extern \"C\" fn g() {}\n",
    );
    let output = folder.command(&[]);
    assert_eq!(output.status.code(), Some(1));
    let words = String::from_utf8(output.stdout).unwrap();
    assert!(words.contains("lib.rs:1: `f` lacks #[guarded_callback]"), "{words}");
    assert!(
        words.contains("2 extern functions in 1 file: 1 guarded, 1 without the attribute"),
        "{words}"
    );
    assert_eq!(folder.command(&["fix", "--allow-no-vcs"]).status.code(), Some(0));
    assert_eq!(folder.command(&[]).status.code(), Some(0));
}

#[test]
fn a_file_that_is_not_rust_is_told_with_its_line_and_the_others_are_looked_at() {
    let folder = Folder::new("broken", "extern \"C\" fn f() {}\n");
    fs::write(folder.0.join("template.rs"), "fn a() {}\nfn {{name}}() {}\n").unwrap();
    let output = folder.command(&[]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stdout).unwrap().contains("`f` lacks"));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("template.rs:2: this is not Rust"), "{words}");
}

#[test]
fn bad_arguments_and_paths_get_a_clear_error() {
    let folder = Folder::new("bad", "fn f() {}\n");
    for (arguments, words) in [
        (&["--fixx"][..], "unexpected argument '--fixx'"),
        (&["/nowhere/at/all"], "/nowhere/at/all: No such file or directory"),
        (&["fix", "--attribute", "a b"], "`a b` is no attribute"),
        (&["fix", "--options", "reserve ="], "`guarded_callback::guarded_callback(reserve =)` is"),
        (&["fix", "--dependency-path", ".."], "..: is not guarded-callback, which is the folder"),
        (&["fix", "--dependency-path", "/nowhere"], "/nowhere: No such file or directory"),
    ] {
        let output = folder.command(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn files_that_cannot_be_read_as_text_get_a_clear_error() {
    let folder = Folder::new("bytes", "fn f() {}\n");
    fs::write(folder.0.join("bytes.rs"), b"fn f() {} // \xff\xfe\n").unwrap();
    let output = folder.command(&[]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("bytes.rs: stream did not contain valid UTF-8"), "{said}");

    let empty = folder.0.join("empty");
    fs::create_dir(&empty).unwrap();
    let output = folder.command(&[empty.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("empty: no .rs file here"));
}

#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_read_is_told_and_the_others_are_looked_at() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new("locked", "extern \"C\" fn f() {}\n");
    let locked = folder.0.join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read all.
    let is_root = fs::read_dir(&locked).is_ok();
    let report = find(&folder.0).unwrap();
    assert_eq!(report.lacking().count(), 1);
    assert_eq!(report.unreadable.len(), usize::from(!is_root));
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_text_get_a_clear_error() {
    use std::os::unix::ffi::OsStrExt;
    let bytes = std::ffi::OsStr::from_bytes(b"\xff");
    let command = || Command::new(env!("CARGO_BIN_EXE_cargo-guarded-callback"));
    let path = command().arg(bytes).output().unwrap();
    let option = command().arg(std::ffi::OsStr::from_bytes(b"--\xff")).output().unwrap();
    let attribute = command().args(["fix", "--attribute"]).arg(bytes).output().unwrap();
    for (output, words) in
        [(path, "No such file"), (option, "unexpected argument"), (attribute, "invalid UTF-8")]
    {
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(words), "{said}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_an_error_and_a_reader_that_left_is_none() {
    let folder = Folder::new("output", "extern \"C\" fn f() {}\n");
    let command = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-guarded-callback"));
        command.arg(&folder.0).stderr(process::Stdio::piped());
        command
    };
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = command().stdout(full).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("the output cannot be written"));

    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command().stdout(writer).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

#[test]
#[should_panic(expected = "`f` lacks #[guarded_callback]")]
fn assert_guarded_names_what_lacks() {
    let folder = Folder::new("assert", "extern \"C\" fn f() {}\n");
    guarded_callback_find::assert_guarded(&folder.0);
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn cargo_finds_the_subcommand_and_check_is_the_default() {
    let folder = Folder::new("cargo", "extern \"C\" fn f() {}\n");
    for arguments in [&["guarded-callback"][..], &["guarded-callback", "check"], &["check"], &[]] {
        let output = folder.command(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(text(&output.stdout).contains("`f` lacks"), "{arguments:?}");
    }
    let help = folder.command(&["guarded-callback", "fix", "--help"]);
    let help = text(&help.stdout);
    assert!(help.contains("Usage: cargo guarded-callback fix [OPTIONS] [PATH]..."), "{help}");
}

#[test]
fn replacements_of_what_the_runtime_calls_are_named_and_left_alone() {
    let source = r#"
        #[unsafe(no_mangle)] pub extern "C" fn malloc(n: usize) -> *mut u8 { hook(n) }
        #[no_mangle] unsafe extern "C" fn sigaltstack() {}
        #[unsafe(export_name = "munmap")] extern "C" fn mine() {}
        #[cfg_attr(unix, unsafe(no_mangle))] extern "C" fn mmap() {}
        extern "x86-interrupt" fn tick() {}
        #[lang = "eh_personality"] extern "C" fn personality() {}
        extern "C" fn free(user: *mut u8) {}
        #[unsafe(no_mangle)] extern "C" fn my_malloc() {}
    "#;
    let folder = Folder::new("exempt", source);
    let of = |wanted: fn(&State) -> bool| -> Vec<String> {
        let states = folder.states().into_iter().filter(|(_, state)| wanted(state));
        states.map(|(name, _)| name).collect()
    };
    let must_not = of(|state| matches!(state, State::MustNot(_)));
    assert_eq!(must_not, ["malloc", "sigaltstack", "mine", "mmap", "tick", "personality"]);
    assert_eq!(of(|state| *state == State::Lacking), ["free", "my_malloc"]);
    let output = folder.command(&[]);
    let words = "`malloc` must not have #[guarded_callback]: it replaces the system's allocator";
    assert!(text(&output.stdout).contains(words));
    assert_eq!(fix(&find(&folder.0).unwrap(), "g").unwrap(), 2);
    assert_eq!(folder.source().matches("#[g]").count(), 2);
}

#[test]
fn fix_writes_the_name_that_is_imported_where_the_function_stands() {
    let source = r#"
use guarded_callback::guarded_callback as gc;
extern "C" fn a() {}
mod m {
    extern "C" fn b() {}
    mod n { use super::super::*; extern "C" fn c() {} }
}
mod o { use super::*; extern "C" fn d() {} }
fn f() { use guarded_callback::guarded_callback; extern "C" fn e() {} }
fn g() { extern "C" fn h() {} }
fn i() { use x::guarded_callback as x; mod p { use super::*; extern "C" fn j() {} } }
"#;
    let folder = Folder::new("imported", source);
    let output = folder.command(&["fix", "--allow-no-vcs", "--options", "switch = always"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let full = "#[guarded_callback::guarded_callback(switch = always)]";
    let expected = source
        .replace("extern \"C\" fn a", "#[gc(switch = always)]\nextern \"C\" fn a")
        .replace("extern \"C\" fn b", &format!("{full}\n    extern \"C\" fn b"))
        .replace("extern \"C\" fn d", "#[gc(switch = always)] extern \"C\" fn d")
        .replace("extern \"C\" fn e", "#[guarded_callback(switch = always)] extern \"C\" fn e")
        .replace("extern \"C\" fn h", "#[gc(switch = always)] extern \"C\" fn h")
        .replace("extern \"C\" fn j", "#[gc(switch = always)] extern \"C\" fn j");
    let c = "#[gc(switch = always)] extern \"C\" fn c";
    // What `super::super::*` brings is not followed: the full path is right there too.
    let c = if folder.source().contains(c) {
        c.to_owned()
    } else {
        format!("{full} extern \"C\" fn c")
    };
    assert_eq!(folder.source(), expected.replace("extern \"C\" fn c", &c));
}

const MANIFEST: &str = "[package]\nname = \"a\"\nversion = \"0.0.0\"\nedition = \"2021\"\n";

#[test]
fn fix_writes_nothing_in_a_dirty_tree_outside_of_git_or_in_a_dry_run() {
    let source = "// A.\nextern \"C\" fn f() {}\n";
    let folder = Folder::new("dirty", source);
    folder.write("Cargo.toml", MANIFEST);
    let unchanged = |output: Output, words: &str| {
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert!(said.contains(words), "{said}");
        assert_eq!(
            (folder.source().as_str(), folder.read("Cargo.toml").as_str()),
            (source, MANIFEST)
        );
        output.status.code()
    };
    assert_eq!(unchanged(folder.command(&["fix"]), "is in no git tree"), Some(2));
    folder.commit();
    folder.write("other", "");
    assert_eq!(unchanged(folder.command(&["fix"]), "not committed"), Some(2));
    let diff = " // A.\n+#[guarded_callback::guarded_callback]\n extern \"C\" fn f() {}\n";
    assert_eq!(unchanged(folder.command(&["fix", "--dry-run"]), diff), Some(0));
    let line = "+[dependencies]\n+guarded-callback = \"";
    assert_eq!(unchanged(folder.command(&["fix", "--dry-run"]), line), Some(0));
    assert_eq!(folder.command(&["fix", "--allow-dirty"]).status.code(), Some(0));
    assert!(folder.source().contains("#[guarded_callback::guarded_callback]\nextern"));
}

#[test]
fn a_file_that_git_cannot_restore_is_not_written() {
    let source = "extern \"C\" fn f() {}\n";
    let folder = Folder::new("ignored", source);
    folder.write(".gitignore", "lib.rs\n");
    folder.commit();
    let said = folder.command(&["fix"]);
    assert!(text(&said.stderr).contains("lib.rs: is in no git tree"), "{said:?}");

    let folder = Folder::new("untracked", "");
    folder.commit();
    let mut git = Command::new("git");
    let git = git.arg("-C").arg(&folder.0).args(["config", "status.showUntrackedFiles", "no"]);
    assert!(git.status().unwrap().success());
    folder.write("new.rs", source);
    let said = folder.command(&["fix"]);
    assert!(text(&said.stderr).contains("not committed"), "{said:?}");
    assert_eq!(folder.read("new.rs"), source);
}

#[test]
fn the_diff_of_a_dry_run_is_what_git_applies_and_fix_writes() {
    let folder = Folder::new("diff", "fn a() {}\n\n\n\n\n\nextern \"C\" fn f() {}");
    folder.write("Cargo.toml", MANIFEST);
    folder.write("tests/t.rs", "extern \"C\" fn t() {}\nextern \"C\" fn u() {}\n");
    folder.commit();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-guarded-callback"));
    let diff = command.args(["fix", "--dry-run", "."]).current_dir(&folder.0).output().unwrap();
    // Cargo.toml has an absolute name in it.
    let name = fs::canonicalize(&folder.0).unwrap().join("Cargo.toml").display().to_string();
    let diff = text(&diff.stdout).replace(name.trim_start_matches('/'), "Cargo.toml");
    folder.write("../applied.diff", &diff);
    assert_eq!(folder.command(&["fix"]).status.code(), Some(0));
    let files = ["lib.rs", "tests/t.rs", "Cargo.toml"];
    let fixed = files.map(|file| folder.read(file));
    for arguments in [&["checkout", "-q", "."][..], &["apply", "../applied.diff"]] {
        let mut git = Command::new("git");
        assert!(git.arg("-C").arg(&folder.0).args(arguments).status().unwrap().success(), "{diff}");
    }
    assert_eq!(files.map(|file| folder.read(file)), fixed);
    let _ = fs::remove_file(folder.0.join("../applied.diff"));
}

#[test]
fn output_of_cargo_and_vendored_packages_are_left_alone() {
    let folder = Folder::new("marks", "fn f() {}\n");
    for mark in ["CACHEDIR.TAG", ".rustc_info.json", ".cargo-checksum.json"] {
        folder.write(&format!("of{mark}/{mark}"), "");
        folder.write(&format!("of{mark}/src/lib.rs"), "extern \"C\" fn f() {}\n");
    }
    assert_eq!(folder.states(), []);
}

#[test]
fn a_manifest_is_whole_at_every_moment() {
    let folder = Folder::new("whole", "extern \"C\" fn f() {}\n");
    folder.write("Cargo.toml", MANIFEST);
    // A file that is written in place changes under all of its names.
    fs::hard_link(folder.0.join("Cargo.toml"), folder.0.join("kept")).unwrap();
    assert_eq!(folder.command(&["fix", "--allow-no-vcs"]).status.code(), Some(0));
    assert_ne!(folder.read("Cargo.toml"), MANIFEST);
    assert_eq!(folder.read("kept"), MANIFEST);
}

#[test]
fn a_dependency_is_added_where_its_user_sees_it_and_used_by_its_name() {
    let folder = Folder::new("dependency", "extern \"C\" fn f() {}\n");
    folder.write("Cargo.toml", &format!("{MANIFEST}\n[dependencies]\nlibc = \"0.2\"\n"));
    folder.write("tests/t.rs", "extern \"C\" fn t() {}\n");
    folder.write(
        "b/Cargo.toml",
        &format!("{MANIFEST}\n[dependencies.gc]\npackage = \"guarded-callback\"\n"),
    );
    folder.write("b/src/lib.rs", "extern \"C\" fn b() {}\n");
    folder.write("c/Cargo.toml", MANIFEST);
    folder.write("c/tests/t.rs", "extern \"C\" fn c() {}\n");
    folder.write("d/Cargo.toml", &format!("{MANIFEST}build = \"script/main.rs\"\n"));
    folder.write("d/script/main.rs", "extern \"C\" fn d() {}\nfn main() {}\n");
    folder.commit();
    let named = folder.command(&["fix", "--dry-run", "--no-dependency"]);
    assert!(
        text(&named.stderr).contains("/c/Cargo.toml: needs `guarded-callback = \""),
        "{named:?}"
    );
    assert!(text(&named.stderr).contains("in [dev-dependencies]"), "{named:?}");
    assert_eq!(folder.command(&["fix"]).status.code(), Some(0));
    let version = env!("CARGO_PKG_VERSION");
    let line = format!("guarded-callback = \"{version}\"\n");
    assert!(folder.read("Cargo.toml").ends_with(&format!("libc = \"0.2\"\n{line}")));
    assert_eq!(folder.read("Cargo.toml").matches("guarded-callback").count(), 1);
    assert!(folder.read("c/Cargo.toml").ends_with(&format!("[dev-dependencies]\n{line}")));
    assert!(folder.read("d/Cargo.toml").ends_with(&format!("[build-dependencies]\n{line}")));
    assert!(!folder.read("b/Cargo.toml").contains(&line));
    let attribute = "#[gc::guarded_callback(crate = gc)]\nextern";
    assert!(folder.read("b/src/lib.rs").starts_with(attribute), "{}", folder.read("b/src/lib.rs"));
}

#[test]
fn a_dependency_that_the_workspace_renames_is_inherited_by_its_name() {
    let folder = Folder::new("workspace", "");
    let dependency = "gc = { package = \"guarded-callback\", version = \"0.1\" }\n";
    folder.write("Cargo.toml", &format!("[workspace]\n[workspace.dependencies]\n{dependency}"));
    let inherits = format!("{MANIFEST}\n[dependencies]\ngc.workspace = true\n");
    folder.write("a/Cargo.toml", &inherits);
    folder.write("b/Cargo.toml", MANIFEST);
    for file in ["a/src/lib.rs", "b/src/lib.rs"] {
        folder.write(file, "extern \"C\" fn f() {}\n");
    }
    assert_eq!(folder.command(&["fix", "--allow-no-vcs"]).status.code(), Some(0));
    assert_eq!(folder.read("a/Cargo.toml"), inherits);
    assert!(folder.read("b/Cargo.toml").ends_with("[dependencies]\ngc = { workspace = true }\n"));
    for file in ["a/src/lib.rs", "b/src/lib.rs"] {
        assert!(folder.read(file).starts_with("#[gc::guarded_callback(crate = gc)]\nextern"));
    }
}

#[test]
fn editors_get_json_and_sarif_with_lines_and_columns() {
    let folder =
        Folder::new("formats", "  extern \"C\" fn f() {}\nm! { extern \"C\" fn g() {} }\n");
    let json = |format| -> serde_json::Value {
        let output = folder.command(&["--format", format]);
        assert_eq!(output.status.code(), Some(1));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let function = &json("json")["functions"][0];
    assert_eq!((&function["name"], &function["state"]), (&"f".into(), &"lacking".into()));
    assert_eq!((&function["line"], &function["column"]), (&1.into(), &3.into()));
    let log = json("sarif");
    let result = &log["runs"][0]["results"][0];
    assert_eq!((&log["version"], &result["level"]), (&"2.1.0".into(), &"warning".into()));
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startLine"], &region["startColumn"]), (&1.into(), &3.into()));
    assert_eq!(log["runs"][0]["results"][1]["ruleId"], "hidden");
}

#[cfg(target_os = "linux")]
#[test]
fn a_path_that_is_no_text_is_printed_in_every_format() {
    use std::os::unix::ffi::OsStrExt;
    let folder = Folder::new("odd-path", "fn f() {}\n");
    let file = folder.0.join(std::ffi::OsStr::from_bytes(b"\xff.rs"));
    fs::write(file, "extern \"C\" fn f() {}\nm! { extern \"C\" fn g() {} }\n").unwrap();
    for format in ["human", "json", "sarif"] {
        let output = folder.command(&["--format", format]);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
    }
}

#[test]
fn what_is_no_program_gets_a_clear_error() {
    let folder = Folder::new("program", "fn f() {}\n");
    folder.write("text", "no program\n");
    folder.write("lib.a", "!<arch>\n        ");
    folder.write("thin.a", "!<thin>\n        ");
    fs::write(folder.0.join("universal"), [b"\xca\xfe\xba\xbe", &[0; 12][..]].concat()).unwrap();
    for (name, words) in [
        ("text", "is no program or library"),
        ("lib.a", "is an archive; link it"),
        ("thin.a", "is an archive; link it"),
        ("universal", "take one out of it with `lipo -thin`"),
        ("gone", "No such file"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-guarded-callback"));
        let output = command.arg("binary").arg(folder.0.join(name)).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(words), "{output:?}");
    }
}
