//! A loop of a kernel to a program of vector instructions.

use std::collections::{HashMap, HashSet};

use dasc_ir::DType;
use dasc_ir::kernel::verify::listed;
use dasc_ir::kernel::{BufferId, CarryId, Instr, Kernel, Loop, NumericProfile, Val};

use super::isa::Isa;
use super::lanes::{Form, Lanes};
use super::program::{At, Ins, Int, IntId, Load, LoopId, Looped, Program, Size, Step, V, Walk};
use crate::place::{self, Pointer};
use crate::pool::{Entry, Pool};

/// How much a use counts: before the rows, in a row, in a fold.
const WEIGHTS: [u64; 3] = [1, 16, 128];

/// The innermost loop but for folds, over rows or lane groups.
pub const ROWS: LoopId = LoopId(0);

pub struct Lowering<'k> {
    pub kernel: &'k Kernel,
    pub body: &'k Loop,
    /// The type of every value.
    pub types: &'k [Option<DType>],
    pub profile: NumericProfile,
    pub isa: Isa,
    pub group: usize,
    pub program: Program,
    pub pool: Pool,
    /// What no trip of the innermost loop changes, and what every trip does.
    before: Vec<Ins>,
    rows: Vec<Ins>,
    pub constants: HashMap<i32, V>,
    /// Buffers that the loop stores.
    pub stored: HashSet<BufferId>,
    /// The only user of a value.
    pub sole_user: HashMap<Val, Val>,
    /// What is negated for a sum that can take it as it is: `a * b - c`.
    pub negated: HashMap<Val, Val>,
    /// Loads that their conversion will make.
    pub deferred: HashMap<Val, (At, bool)>,
    pub state: HashMap<CarryId, Lanes>,
    pub next: HashMap<CarryId, Lanes>,
    pub values: Vec<Option<Lanes>>,
    pub results: HashMap<Val, Vec<Lanes>>,
    /// Pointers whose next cache line has been asked for.
    pub ahead: HashSet<Pointer>,
    /// The fold being built as a loop.
    pub fold: Option<LoopId>,
}

/// The program of a simplified loop, and the constants it reads, added to those there are.
pub fn lower(
    kernel: &Kernel,
    (body, types): (&Loop, &[Option<DType>]),
    profile: NumericProfile,
    isa: Isa,
    group: usize,
    (walk, pool): (Walk, Pool),
) -> (Program, Pool) {
    let mut l = Lowering {
        kernel,
        body,
        types,
        profile,
        isa,
        group,
        program: Program { walk, ..Program::default() },
        pool,
        before: Vec::new(),
        rows: Vec::new(),
        constants: HashMap::new(),
        stored: HashSet::new(),
        sole_user: sole_users(body),
        negated: HashMap::new(),
        deferred: HashMap::new(),
        state: HashMap::new(),
        next: HashMap::new(),
        values: vec![None; body.values.len()],
        results: HashMap::new(),
        ahead: HashSet::new(),
        fold: None,
    };
    l.nest();
    (l.program, l.pool)
}

fn sole_users(body: &Loop) -> HashMap<Val, Val> {
    let mut users: HashMap<Val, Vec<Val>> = HashMap::new();
    for val in listed(body) {
        body.values[val.index()].operands(|v| users.entry(v).or_default().push(val));
    }
    users.into_iter().filter(|(_, all)| all.len() == 1).map(|(v, all)| (v, all[0])).collect()
}

impl Lowering<'_> {
    fn nest(&mut self) {
        for val in listed(self.body) {
            if let Instr::Store { buffer, .. } = &self.body.values[val.index()] {
                self.stored.insert(*buffer);
            }
        }
        // Addresses first, so that they are known in the order of use.
        for pointer in place::pointers(self.kernel, self.body) {
            self.int(Int::Walk(pointer), 0);
            self.program.int(Int::Origin(pointer), 1);
        }
        self.program.loops.push(Looped::default());
        let around = match self.program.walk {
            Walk::Rows => [Int::Rows, Int::Lane],
            Walk::Lanes => [Int::Groups, Int::RowsLeft],
        };
        for int in [Int::Buffers, Int::Start, Int::Rows, Int::Lanes].into_iter().chain(around) {
            self.program.int(int, WEIGHTS[0]);
        }
        if self.body.inner > 1 {
            self.program.int(Int::Inner, WEIGHTS[0]);
        }
        let (set, read) = self.carries();
        for carry in &read {
            let (size, vectors) = self.load_carry(*carry);
            let form = if set.contains(carry) {
                let args: Vec<V> = vectors.iter().map(|_| self.program.vector(size)).collect();
                let rows = &mut self.program.loops[ROWS.0 as usize];
                rows.init.extend(&vectors);
                rows.args.extend(&args);
                Form::Each(args)
            } else {
                Form::Each(vectors)
            };
            let dtype = self.kernel.carries[carry.index()].dtype;
            let fixed = !set.contains(carry);
            self.state.insert(*carry, Lanes { dtype, width: dtype.size(), fixed, form });
        }
        let body = self.body;
        for val in &body.body {
            self.instruction(*val, 0);
        }
        let mut after = Vec::new();
        let mut next = Vec::new();
        for carry in set.iter().filter(|c| read.contains(c)) {
            let value = self.next[carry].clone();
            next.extend((0..self.count(value.width)).map(|j| value.at(j)));
        }
        let args = self.program.loops[ROWS.0 as usize].args.clone();
        let results: Vec<V> = args.iter().map(|arg| self.program.vector(self.program.size(*arg))).collect();
        let mut left = results.iter().copied();
        for carry in &set {
            let value = self.next[carry].clone();
            let (size, width) = (self.size(value.width), value.width);
            for j in 0..self.count(width) {
                let at = self.carry_at(*carry, j);
                if read.contains(carry) {
                    if let Some(value) = left.next() {
                        after.push(Ins::Store { size, value, at });
                    }
                } else {
                    // Set and never read: nothing goes round, and the last row's value is what stays.
                    self.rows.push(Ins::Store { size, value: value.at(j), at });
                }
            }
        }
        let moving = self.moving_rows();
        let rows = &mut self.program.loops[ROWS.0 as usize];
        (rows.next, rows.results, rows.moving) = (next, results, moving);
        self.program.int(Int::Left(ROWS), WEIGHTS[1]);
        self.program.ins = std::mem::take(&mut self.before);
        self.program.ins.push(Ins::Begin(ROWS));
        self.program.ins.append(&mut self.rows);
        self.program.ins.push(Ins::End(ROWS));
        self.program.ins.append(&mut after);
    }

    /// Carries that are set, and those that are read, in order.
    fn carries(&self) -> (Vec<CarryId>, Vec<CarryId>) {
        let (mut set, mut read) = (Vec::new(), Vec::new());
        for val in listed(self.body) {
            match &self.body.values[val.index()] {
                Instr::SetCarry { carry, .. } => set.push(*carry),
                Instr::Carry(carry) => read.push(*carry),
                _ => {}
            }
        }
        set.sort_unstable();
        read.sort_unstable();
        read.dedup();
        (set, read)
    }

    /// What moves from row to row, or from lane group to lane group.
    fn moving_rows(&mut self) -> Vec<(IntId, Step)> {
        let mut moving = Vec::new();
        for (at, int) in self.program.ints.clone().into_iter().enumerate() {
            let step = match (int, self.program.walk) {
                (Int::Walk(p), Walk::Rows) if p.row != 0 => Step::Number(self.bytes(p.buffer, p.row, 0, 0)),
                (Int::Walk(p), Walk::Lanes) if p.lane => {
                    let size = self.kernel.buffers[p.buffer.index()].dtype.size();
                    Step::By((self.group * size) as i64)
                }
                (Int::Origin(p), Walk::Lanes) if p.row != 0 => {
                    // Moves from row to row around the loop.
                    self.program
                        .int(Int::Bytes { buffer: p.buffer, rows: p.row, inner: 0, planes: 0 }, WEIGHTS[0]);
                    continue;
                }
                (Int::Row, Walk::Rows) => Step::By(1),
                (Int::Lane, Walk::Lanes) => Step::By(self.group as i64),
                _ => continue,
            };
            moving.push((IntId(at as u32), step));
        }
        moving
    }

    /// Adds an instruction before the rows or to a row.
    pub fn push(&mut self, fixed: bool, ins: Ins) {
        if fixed { self.before.push(ins) } else { self.rows.push(ins) }
    }

    /// A number that is used here.
    pub fn int(&mut self, int: Int, uses: u64) -> IntId {
        let weight = if self.fold.is_some() { WEIGHTS[2] } else { WEIGHTS[1] };
        self.program.int(int, uses * weight)
    }

    /// The distance of so many rows, inner positions and planes, if there is one.
    pub fn bytes(&mut self, buffer: BufferId, rows: i64, inner: i64, planes: i64) -> Option<IntId> {
        let some = rows != 0 || inner != 0 || planes != 0;
        some.then(|| self.int(Int::Bytes { buffer, rows, inner, planes }, 1))
    }

    pub fn constant(&mut self, entry: Entry) -> V {
        // The verifier bounds parameters and bodies, so that a pool of 2 GiB cannot be.
        let offset = self.pool.offset(entry) as i32;
        if let Some(known) = self.constants.get(&offset) {
            return *known;
        }
        let v = self.program.vector(self.whole());
        self.program.vectors[v.0 as usize].constant = Some(offset);
        // Every other instruction has a constant.
        self.program.int(Int::Pool, WEIGHTS[2]);
        self.constants.insert(offset, v);
        v
    }

    fn carry_at(&mut self, carry: CarryId, j: usize) -> At {
        let size = self.kernel.carries[carry.index()].dtype.size();
        self.program.int(Int::Carries, 0);
        let base = self.program.int(Int::Carry(carry), WEIGHTS[0]);
        let offset = Some(self.program.int(Int::Lane, WEIGHTS[0]));
        At { base, offset, scale: size as u32, disp: (j * self.size(size).bytes()) as i32 }
    }

    fn load_carry(&mut self, carry: CarryId) -> (Size, Vec<V>) {
        let width = self.kernel.carries[carry.index()].dtype.size();
        let size = self.size(width);
        let vectors = (0..self.count(width))
            .map(|j| {
                let at = self.carry_at(carry, j);
                let dst = self.program.vector(size);
                self.push(true, Ins::Load { how: Load::Plain, size, dst, at });
                dst
            })
            .collect();
        (size, vectors)
    }
}
