//! The types that may stand in a signature, with what both languages call them and which of their
//! bytes carry a value.

use crate::random::Random;

/// What a byte of a value is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Byte {
    Padding,
    Any,
    /// 0 or 1.
    Bool,
}

impl Byte {
    pub fn letter(self) -> char {
        match self {
            Self::Padding => '.',
            Self::Any => 'x',
            Self::Bool => 'b',
        }
    }
}

/// What a value is made of when structs and arrays are taken apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Leaf {
    Float,
    Pointer,
    Other,
}

#[derive(Clone)]
pub struct Type {
    pub rust: String,
    pub c: String,
    pub bytes: Vec<Byte>,
    pub align: usize,
    /// May be a field of a union, and of a packed struct.
    pub copy: bool,
    /// Has `repr(align)` somewhere inside: a packed struct may not contain it.
    pub over_aligned: bool,
    /// gcc for Linux and rustc disagree about `__int128` under `ms_abi`, so that only Rust calls
    /// there.
    pub has_i128: bool,
    pub leaves: Vec<Leaf>,
    /// Has a part somewhere inside that is no integer's size.
    pub has_odd_part: bool,
    /// How many bytes the vectors in it have, 0 without any.
    pub vector: usize,
}

impl Type {
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// A struct of one float and one pointer, in any order and as deep as may be.
    pub fn is_float_and_pointer(&self) -> bool {
        matches!(self.leaves[..], [Leaf::Float, Leaf::Pointer] | [Leaf::Pointer, Leaf::Float])
    }
}

/// Their sizes; 0 is that of a pointer.
const SCALARS: [(&str, &str, usize); 16] = [
    ("u8", "uint8_t", 1),
    ("i8", "int8_t", 1),
    ("u16", "uint16_t", 2),
    ("i16", "int16_t", 2),
    ("u32", "uint32_t", 4),
    ("i32", "int32_t", 4),
    ("u64", "uint64_t", 8),
    ("i64", "int64_t", 8),
    ("usize", "size_t", 0),
    ("f32", "float", 4),
    ("f64", "double", 8),
    ("*mut u8", "void *", 0),
    ("*const Opaque", "const struct Opaque *", 0),
    ("Option<Callee>", "Callee", 0),
    ("u128", "unsigned __int128", 16),
    ("i128", "__int128", 16),
];

/// What differs between the targets.
struct Target {
    pointer_bytes: usize,
    /// The largest alignment of a scalar in a struct.
    largest_align: usize,
}

impl Target {
    /// As cargo tells the build script.
    fn of_build() -> Self {
        let reported = |name| std::env::var(name).expect("cargo sets it");
        let pointer_bytes = if reported("CARGO_CFG_TARGET_POINTER_WIDTH") == "64" { 8 } else { 4 };
        let largest_align = match (
            reported("CARGO_CFG_TARGET_ARCH").as_str(),
            reported("CARGO_CFG_TARGET_OS").as_str(),
        ) {
            ("x86", "windows") => 8,
            ("x86", _) => 4,
            ("s390x", _) => 8,
            _ => 16,
        };
        Self { pointer_bytes, largest_align }
    }
}

pub struct Types {
    pub all: Vec<Type>,
    pub scalars: usize,
    /// The definitions.
    pub rust: String,
    pub c: String,
}

impl Types {
    pub fn new(random: &mut Random, aggregates: usize) -> Self {
        let mut all = Vec::new();
        let target = Target::of_build();
        for (rust, c, size) in SCALARS {
            let size = if size == 0 { target.pointer_bytes } else { size };
            // C has no integers of 16 bytes where pointers have 4.
            if size > 2 * target.pointer_bytes {
                continue;
            }
            let bytes = vec![Byte::Any; size];
            let leaf = match rust {
                "f32" | "f64" => Leaf::Float,
                "*mut u8" | "*const Opaque" | "Option<Callee>" => Leaf::Pointer,
                _ => Leaf::Other,
            };
            all.push(Type {
                rust: rust.into(),
                c: c.into(),
                bytes,
                align: size.min(target.largest_align),
                copy: true,
                over_aligned: false,
                has_i128: size == 16,
                leaves: vec![leaf],
                has_odd_part: false,
                vector: 0,
            });
        }
        let bytes = vec![Byte::Bool];
        all.push(Type {
            rust: "bool".into(),
            c: "bool".into(),
            bytes,
            align: 1,
            copy: true,
            over_aligned: false,
            has_i128: false,
            leaves: vec![Leaf::Other],
            has_odd_part: false,
            vector: 0,
        });
        let scalars = all.len();
        let mut types = Self { all, scalars, rust: String::new(), c: String::new() };
        for number in 0..aggregates {
            if number % 7 == 6 {
                types.add_union(random, number)
            } else {
                types.add_struct(random, number)
            }
        }
        types
    }

    /// A field: a type, or an array of some.
    fn field(&self, random: &mut Random, most: usize, copy: bool, packed: bool) -> (Type, usize) {
        loop {
            let field = random.pick(&self.all);
            let count = match random.below(10) {
                0..2 => random.below(16) + 1,
                _ => 0,
            };
            if field.size() * count.max(1) <= most
                && (field.copy || !copy)
                && !(packed && field.over_aligned)
            {
                return (field.clone(), count);
            }
        }
    }

    fn add_struct(&mut self, random: &mut Random, number: usize) {
        let packed = if random.percent(12) { *random.pick(&[1, 2]) } else { 0 };
        let aligned =
            if packed == 0 && random.percent(12) { *random.pick(&[2, 8, 16, 32, 64]) } else { 0 };
        // Small ones travel in registers: they are the interesting ones.
        let most = *random.pick(&[4, 8, 16, 16, 16, 24, 40, 100, 256]);
        let copy = packed != 0 || random.percent(60);
        let drops = !copy && random.percent(50);
        let characters = random.percent(15);
        let name = format!("S{number}");
        let mut bytes = Vec::new();
        let (mut rust, mut c) = (String::new(), String::new());
        let (mut align, mut has_i128, mut over_aligned) = (1, false, aligned != 0);
        let mut has_odd_part = false;
        let mut leaves = Vec::new();
        for index in 0..random.below(6) + 1 {
            let left = most - bytes.len().min(most);
            if left == 0 {
                break;
            }
            let (field, count) = if characters && index == 0 {
                (self.all[1].clone(), random.below(left) + 1)
            } else {
                self.field(random, left, copy, packed != 0)
            };
            let field_align = if packed == 0 { field.align } else { field.align.min(packed) };
            let start = bytes.len().next_multiple_of(field_align);
            if start + field.size() * count.max(1) > 256 {
                break;
            }
            bytes.resize(start, Byte::Padding);
            for _ in 0..count.max(1) {
                bytes.extend_from_slice(&field.bytes);
                leaves.extend_from_slice(&field.leaves);
            }
            align = align.max(field_align);
            has_i128 |= field.has_i128;
            over_aligned |= field.over_aligned;
            has_odd_part |= field.has_odd_part || is_odd(field.size() * count.max(1));
            let c_type = if characters && index == 0 { "char" } else { field.c.as_str() };
            if count == 0 {
                rust += &format!("f{index}: {}, ", field.rust);
                c += &format!("{c_type} f{index}; ");
            } else {
                rust += &format!("f{index}: [{}; {count}], ", field.rust);
                c += &format!("{c_type} f{index}[{count}]; ");
            }
        }
        align = align.max(aligned);
        bytes.resize(bytes.len().next_multiple_of(align), Byte::Padding);
        if bytes.len() > 256 {
            return self.add_struct(random, number);
        }
        let (rust_attribute, c_attribute) = match (packed, aligned) {
            (0, 0) => (String::new(), String::new()),
            (0, n) => (format!(", align({n})"), format!("__attribute__((aligned({n})))")),
            (n, _) => (format!(", packed({n})"), String::new()),
        };
        let derive = if copy { "#[derive(Clone, Copy)] " } else { "" };
        self.rust += &format!("#[repr(C{rust_attribute})] {derive}pub struct {name} {{ {rust}}}\n");
        if drops {
            self.rust += &format!(
                "impl Drop for {name} {{ fn drop(&mut self) {{ dropped({number}); }} }}\n"
            );
        }
        if packed > 0 {
            self.c += &format!("#pragma pack(push, {packed})\n");
        }
        self.c += &format!("typedef struct {c_attribute} {{ {c}}} {name};\n");
        if packed > 0 {
            self.c += "#pragma pack(pop)\n";
        }
        self.push(Type {
            rust: name.clone(),
            c: name,
            bytes,
            align,
            copy,
            over_aligned,
            has_i128,
            leaves,
            has_odd_part,
            vector: 0,
        });
    }

    fn add_union(&mut self, random: &mut Random, number: usize) {
        let name = format!("U{number}");
        let most = *random.pick(&[4, 8, 16, 16, 40]);
        let (mut rust, mut c) = (String::new(), String::new());
        let (mut size, mut align, mut has_i128, mut over_aligned) = (0, 1, false, false);
        let mut has_odd_part = false;
        for index in 0..random.below(3) + 2 {
            let (field, _) = self.field(random, most, true, false);
            size = size.max(field.size());
            align = align.max(field.align);
            has_i128 |= field.has_i128;
            over_aligned |= field.over_aligned;
            has_odd_part |= field.has_odd_part;
            rust += &format!("f{index}: {}, ", field.rust);
            c += &format!("{} f{index}; ", field.c);
        }
        // Only what lies in every byte of one field is sure to arrive: an array of bytes of the
        // full size makes all of them count.
        rust += &format!("all: [u8; {size}], ");
        c += &format!("uint8_t all[{size}]; ");
        has_odd_part |= is_odd(size);
        let mut bytes = vec![Byte::Any; size];
        bytes.resize(size.next_multiple_of(align), Byte::Padding);
        self.rust += &format!("#[repr(C)] #[derive(Clone, Copy)] pub union {name} {{ {rust}}}\n");
        self.c += &format!("typedef union {{ {c}}} {name};\n");
        let leaves = vec![Leaf::Other];
        self.push(Type {
            rust: name.clone(),
            c: name,
            bytes,
            align,
            copy: true,
            over_aligned,
            has_i128,
            leaves,
            has_odd_part,
            vector: 0,
        });
    }

    pub fn define(&mut self, ty: &Type) {
        self.rust += &format!(
            "const _: () = assert!(size_of::<{0}>() == {1} && align_of::<{0}>() == {2});\n",
            ty.rust,
            ty.size(),
            ty.align
        );
        self.c += &format!(
            "_Static_assert(sizeof({0}) == {1} && _Alignof({0}) == {2}, \"{0}\");\n",
            ty.c,
            ty.size(),
            ty.align
        );
    }

    fn push(&mut self, ty: Type) {
        self.define(&ty);
        self.all.push(ty);
    }
}

fn is_odd(bytes: usize) -> bool {
    !matches!(bytes, 1 | 2 | 4 | 8)
}
