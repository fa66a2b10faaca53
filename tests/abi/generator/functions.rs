//! One signature: the functions that have it, and who calls them.

use crate::random::Random;
use crate::types::{Type, Types};
use crate::vectors;

/// How the two annotated twins of a function are annotated: in place and switched, and one of the
/// two with a fallback.
const MODES: [&str; 2] = ["when_low", "always"];

pub struct Function {
    number: usize,
    abi: &'static str,
    parameters: Vec<Type>,
    /// `None` for `()`.
    result: Option<Type>,
    /// What the annotated function and its plain twin enable.
    feature: Option<&'static str>,
}

impl Function {
    /// One that C calls.
    pub fn of_c(random: &mut Random, types: &Types, number: usize) -> Self {
        let abi = on_target(random.pick::<&str>(&[
            "C",
            "C",
            "C",
            "C-unwind",
            "C-unwind",
            "sysv64",
            "sysv64",
            "win64",
            "win64",
            "system",
            "efiapi",
            "sysv64-unwind",
        ]));
        let count = if number.is_multiple_of(64) { 0 } else { random.below(20) + 1 };
        let parameters = (0..count).map(|_| pick(random, types, 55)).collect();
        let result = if random.percent(10) { None } else { Some(pick(random, types, 35)) };
        Self { number, abi, parameters, result, feature: None }.called_somehow()
    }

    /// One that a framework wraps itself.
    pub fn of_rust(random: &mut Random, types: &Types, number: usize) -> Self {
        Self { abi: "Rust", ..Self::of_c(random, types, number) }
    }

    /// One with vectors among its types. Every other one that can do without enables a feature,
    /// too.
    pub fn with_vectors(
        random: &mut Random,
        types: &Types,
        vectors: &[Type],
        number: usize,
    ) -> Self {
        let abis = ["C", "C", "C", "C-unwind", "sysv64", "win64", "system", "Rust"];
        let abi = on_target(random.pick::<&str>(&abis));
        let mut pick = |vectors_in_ten| {
            let is_vector = random.below(10) < vectors_in_ten;
            if is_vector { random.pick(vectors).clone() } else { pick(random, types, 60) }
        };
        let first = pick(10);
        let others = (0..number % 11).map(|_| pick(5)).collect::<Vec<_>>();
        let result = (!number.is_multiple_of(8)).then(|| pick(7));
        let parameters = [first].into_iter().chain(others).collect();
        let mut function = Self { number, abi, parameters, result, feature: None };
        let widest = function.widest_vector();
        let further = || vectors::further(widest).filter(|_| random.percent(50));
        function.feature = vectors::needed(widest).or_else(further);
        function.called_somehow()
    }

    /// With control flow guard rustc (1.96) puts the address that it calls where an argument of
    /// "sysv64" is. What C can't call either has another ABI.
    fn called_somehow(self) -> Self {
        let abi =
            if self.is_system_v() && is_for_msvc() && !self.called_by_c() { "C" } else { self.abi };
        Self { abi, ..self }
    }

    fn widest_vector(&self) -> usize {
        self.all_types().map(|ty| ty.vector).max().unwrap_or(0)
    }

    fn all_types(&self) -> impl Iterator<Item = &Type> {
        self.parameters.iter().chain(&self.result)
    }

    /// C calls wherever both compilers agree what the convention is. For "efiapi" rustc takes
    /// structs apart as "C" does on its target, whatever UEFI says (1.95). On riscv64 gcc (12) and
    /// clang (22) pass a struct of a float and a pointer in two integer registers, rustc (1.96) in
    /// a register of each kind, as all three do with a float and an integer. On 32-bit Arm gcc and
    /// clang place a struct with `aligned` on the stack by the alignment of its fields, as the
    /// AAPCS says, rustc by its own. On aarch64 they pass a struct of several vectors in as many
    /// registers, rustc (1.96) by its address. Under `ms_abi` gcc (12) returns vectors of more than
    /// 16 bytes in memory, rustc (1.95) in registers, and gcc aligns the copy of a struct with
    /// `aligned` to 16. clang passes vectors by what the whole file is compiled for.
    ///
    /// For Windows gcc aligns nothing on the stack to more than 16, not even what System V's ABI
    /// wants there; about `__int128` it agrees. On i686 Windows and FreeBSD gcc and clang return a
    /// struct of up to 8 bytes in memory when a part of it has no size of an integer, rustc (1.96)
    /// in registers. On i686 MSVC clang passes by its address what has `aligned` itself, rustc also
    /// what contains such a struct. For "sysv64" the same clang leaves half of a 16-byte integer in
    /// a register when only one is left.
    fn called_by_c(&self) -> bool {
        match self.abi {
            "efiapi" | "Rust" => false,
            _ if is_for("riscv64") => !self.all_types().any(Type::is_float_and_pointer),
            _ if is_for("arm") => !self.all_types().any(|ty| ty.over_aligned),
            _ if uses_clang() && self.widest_vector() > 16 => false,
            _ if is_for("aarch64") => !self.all_types().any(|ty| ty.vector > 0 && ty.size() > 16),
            _ if is_for("x86") && is_for_freebsd() => !self.returns_odd_parts(),
            _ if is_for("x86") && is_for_windows() => {
                !(self.returns_odd_parts()
                    || uses_clang() && self.all_types().any(|ty| ty.over_aligned))
            }
            _ if is_for_windows() && uses_clang() => !(self.is_system_v() && self.has_i128()),
            _ if is_for_windows() => !self.is_aligned_above_16(),
            "win64" => !(self.has_i128() || self.is_aligned_above_16()),
            _ => true,
        }
    }

    fn has_i128(&self) -> bool {
        self.all_types().any(|ty| ty.has_i128)
    }

    fn is_aligned_above_16(&self) -> bool {
        self.all_types().any(|ty| ty.align > 16)
    }

    fn returns_odd_parts(&self) -> bool {
        self.result.iter().any(|ty| ty.size() <= 8 && ty.has_odd_part)
    }

    fn is_system_v(&self) -> bool {
        self.abi.starts_with("sysv64")
    }

    /// The attribute of a function type that has the convention in C.
    fn convention_in_c(&self) -> &'static str {
        match self.abi {
            "win64" => "__attribute__((ms_abi)) ",
            "sysv64" | "sysv64-unwind" => "__attribute__((sysv_abi)) ",
            "system" if is_for("x86") && is_for_windows() => "__attribute__((stdcall)) ",
            _ => "",
        }
    }

    fn has_fallback(&self, mode: usize) -> bool {
        (self.number + mode) % 2 == 1
    }

    /// Every other pair of functions, in a module of its own that is annotated.
    fn is_in_module(&self) -> bool {
        self.number % 4 >= 2 && self.abi != "Rust"
    }

    fn returns(&self) -> String {
        self.result.as_ref().map_or(String::new(), |ty| format!(" -> {}", ty.rust))
    }

    /// The plain function, the annotated ones, and the caller where C can't be it.
    pub fn rust(&self) -> String {
        let number = self.number;
        let mut text = self.definition(&format!("plain_{number}"));
        for (mode, name) in MODES.iter().enumerate() {
            let fallback = match (&self.result, self.has_fallback(mode)) {
                (_, false) => String::new(),
                (None, true) => ", fallback = ()".into(),
                (Some(ty), true) => {
                    format!(", fallback = unsafe {{ otherwise().cast::<{}>().read() }}", ty.rust)
                }
            };
            let function = format!("{name}_{number}");
            text += &format!("#[guarded_callback(switch = {name}{fallback})]\n");
            let definition = self.definition(&function);
            text += &if self.is_in_module() {
                format!(
                    "mod of_{function} {{ use super::*; {definition} }}\n\
                     use of_{function}::{function};\n"
                )
            } else {
                definition
            };
        }
        text + &if self.called_by_c() {
            format!(
                "unsafe extern \"C\" {{ fn call_{number}\
                 (function: *const (), input: *const u8, output: *mut u8); }}\n"
            )
        } else {
            self.rust_caller()
        }
    }

    fn definition(&self, name: &str) -> String {
        let parameters: String = self
            .parameters
            .iter()
            .enumerate()
            .map(|(index, ty)| format!("a{index}: {}, ", ty.rust))
            .collect();
        let body: String = self
            .parameters
            .iter()
            .enumerate()
            .map(|(index, ty)| format!("received((&raw const a{index}).cast(), {}); ", ty.size()))
            .collect();
        let result = match &self.result {
            Some(ty) => format!("answer().cast::<{}>().read()", ty.rust),
            None => "answer();".into(),
        };
        format!(
            "{}pub unsafe extern \"{}\" fn {name}({parameters}){} \
             {{ unsafe {{ {body}{result} }} }}\n",
            self.target_feature(),
            self.abi,
            self.returns()
        )
    }

    fn target_feature(&self) -> String {
        let enable = |feature| format!("#[target_feature(enable = {feature:?})] ");
        self.feature.map_or(String::new(), enable)
    }

    fn rust_caller(&self) -> String {
        let types: String = self.parameters.iter().map(|ty| format!("{}, ", ty.rust)).collect();
        let mut offset = 0;
        let mut arguments = String::new();
        for ty in &self.parameters {
            arguments += &format!("input.add({offset}).cast::<{}>().read_unaligned(), ", ty.rust);
            offset += ty.size();
        }
        let call = format!("function({arguments})");
        let call = match &self.result {
            Some(ty) => format!("output.cast::<{}>().write_unaligned({call})", ty.rust),
            None => call,
        };
        format!(
            "{}unsafe extern \"C\" fn call_{}\
             (function: *const (), input: *const u8, output: *mut u8) {{ unsafe {{ \
             let _ = (input, output); \
             let function: unsafe extern \"{}\" fn({types}){} = core::mem::transmute(function); \
             {call}; }} }}\n",
            self.target_feature(),
            self.number,
            self.abi,
            self.returns()
        )
    }

    pub fn c_caller(&self) -> String {
        if !self.called_by_c() {
            return String::new();
        }
        let convention = self.convention_in_c();
        let returns = self.result.as_ref().map_or("void", |ty| &ty.c);
        let types: Vec<&str> = self.parameters.iter().map(|ty| ty.c.as_str()).collect();
        let types = if types.is_empty() { "void".into() } else { types.join(", ") };
        // Vectors that not all processors have are passed in registers by code for those that do.
        let target = vectors::needed_in_c(self.widest_vector());
        let target = target.map(|feature| format!("__attribute__((target({feature:?}))) "));
        let mut text = target.unwrap_or_default();
        text += &format!(
            "void call_{}(void *function, const uint8_t *input, uint8_t *output) {{\n  \
             typedef {returns} {convention}Function({types});\n",
            self.number
        );
        let mut offset = 0;
        let mut names = Vec::new();
        for (index, ty) in self.parameters.iter().enumerate() {
            text += &format!(
                "  {} a{index}; memcpy(&a{index}, input + {offset}, {});\n",
                ty.c,
                ty.size()
            );
            offset += ty.size();
            names.push(format!("a{index}"));
        }
        let call = format!("((Function *)function)({})", names.join(", "));
        text += &match &self.result {
            Some(ty) => {
                format!(
                    "  (void)input; {} result = {call}; memcpy(output, &result, {});\n}}\n",
                    ty.c,
                    ty.size()
                )
            }
            None => format!("  (void)input; (void)output; {call};\n}}\n"),
        };
        text
    }

    /// The row in the table.
    pub fn entry(&self) -> String {
        let number = self.number;
        let signature =
            self.parameters.iter().map(|ty| ty.rust.as_str()).collect::<Vec<_>>().join(", ");
        let arguments: String =
            self.parameters.iter().flat_map(|ty| &ty.bytes).map(|byte| byte.letter()).collect();
        let result: String =
            self.result.iter().flat_map(|ty| &ty.bytes).map(|byte| byte.letter()).collect();
        let annotated: String = MODES
            .iter()
            .enumerate()
            .map(|(mode, name)| {
                format!(
                    "Annotated {{ function: {name}_{number} as *const (), \
                     always: {}, fallback: {} }}, ",
                    mode == 1,
                    self.has_fallback(mode)
                )
            })
            .collect();
        let runs = self.feature.map_or("true".into(), vectors::is_detected);
        format!(
            "Case {{ number: {number}, signature: {:?}, runs: || {runs}, call: call_{number}, \
             plain: plain_{number} as *const (), annotated: [{annotated}], \
             arguments: b\"{arguments}\", result: b\"{result}\" }},\n",
            format!("extern {:?} fn({signature}){}", self.abi, self.returns()),
        )
    }
}

fn is_for(arch: &str) -> bool {
    std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|target| target == arch)
}

/// Built with control flow guard on x86_64 (.ci/toolchains.sh).
fn is_for_msvc() -> bool {
    std::env::var("CARGO_CFG_TARGET_ENV").is_ok_and(|target| target == "msvc")
}

fn is_for_windows() -> bool {
    std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|target| target == "windows")
}

/// The ABI, or another one where only x86_64 has it.
fn on_target(abi: &'static str) -> &'static str {
    match abi {
        _ if is_for("x86_64") => abi,
        "sysv64" | "win64" => "C",
        "sysv64-unwind" => "C-unwind",
        "efiapi" => "system",
        _ => abi,
    }
}

/// A type; `scalars` of a hundred are scalars.
fn pick(random: &mut Random, types: &Types, scalars: usize) -> Type {
    let from = if random.percent(scalars) {
        &types.all[..types.scalars]
    } else {
        &types.all[types.scalars..]
    };
    random.pick(from).clone()
}

/// Where .ci/toolchains.sh has no other compiler than clang.
fn uses_clang() -> bool {
    let is = |name: &str, value| std::env::var(name).is_ok_and(|told| told == value);
    is("CARGO_CFG_TARGET_VENDOR", "apple")
        || is("CARGO_CFG_TARGET_ENV", "musl")
        || is("CARGO_CFG_TARGET_ENV", "msvc")
        || is("CARGO_CFG_TARGET_ABI", "llvm")
        || is_for_freebsd()
}

fn is_for_freebsd() -> bool {
    std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "freebsd")
}
