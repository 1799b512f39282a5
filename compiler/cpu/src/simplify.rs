//! Removes what need not be computed: dead values, repeated expressions, and code inside a fold that no tap changes.

use std::collections::{HashMap, HashSet};

use dasc_ir::kernel::verify::listed;
use dasc_ir::kernel::{Affine, BufferId, Instr, Loop, Place, Val};

/// An equal loop with fewer instructions.
pub fn simplify(body: &Loop) -> Loop {
    let stored: HashSet<BufferId> = listed(body)
        .iter()
        .filter_map(|v| match &body.values[v.index()] {
            Instr::Store { buffer, .. } => Some(*buffer),
            _ => None,
        })
        .collect();
    let mut pass = Pass {
        from: body,
        live: live(body),
        stored,
        to: Loop { values: Vec::new(), body: Vec::new(), ..body.clone() },
        map: HashMap::new(),
        known: HashMap::new(),
    };
    let mut out = Vec::new();
    for val in &body.body {
        pass.outer(*val, &mut out);
    }
    pass.to.body = out;
    pass.to
}

/// Values that a store or a carry depends on.
fn live(body: &Loop) -> HashSet<Val> {
    let mut live = HashSet::new();
    for val in listed(body).into_iter().rev() {
        let instr = &body.values[val.index()];
        let effect = match instr {
            Instr::Store { .. } | Instr::SetCarry { .. } => true,
            Instr::Fold { body: inside, .. } => {
                inside.iter().any(|v| matches!(body.values[v.index()], Instr::Store { .. }))
            }
            _ => false,
        };
        if effect || live.contains(&val) {
            live.insert(val);
            instr.operands(|v| {
                live.insert(v);
            });
        }
    }
    live
}

struct Pass<'l> {
    from: &'l Loop,
    live: HashSet<Val>,
    stored: HashSet<BufferId>,
    to: Loop,
    map: HashMap<Val, Val>,
    /// Expressions of the outer body and, while one is open, of a fold.
    known: HashMap<Instr, Val>,
}

impl Pass<'_> {
    fn outer(&mut self, val: Val, out: &mut Vec<Val>) {
        let Some(instr) = self.renamed(val) else { return };
        if let Instr::Fold { taps, init, args, body: inside, next } = &self.from.values[val.index()] {
            let init = init.iter().map(|v| self.map[v]).collect();
            let before = self.known.clone();
            let mut inner: HashSet<Val> = HashSet::new();
            let mut new_args = Vec::new();
            for arg in args {
                let new = self.to.push(self.from.values[arg.index()].clone());
                self.map.insert(*arg, new);
                inner.insert(new);
                new_args.push(new);
            }
            let mut new_body = Vec::new();
            for v in inside {
                let Some(instr) = self.renamed(*v) else { continue };
                let mut depends = *taps == 0 || tapped(&instr) || !self.pure(&instr);
                instr.operands(|o| depends |= inner.contains(&o));
                let to = if depends { &mut new_body } else { &mut *out };
                let before = to.len();
                let new = self.place(*v, instr, to);
                if to.len() > before && depends {
                    inner.insert(new);
                }
            }
            let next = next.iter().map(|v| self.map[v]).collect();
            // What was hoisted stays known; what was computed inside does not.
            let hoisted: HashMap<Instr, Val> =
                self.known.drain().filter(|(_, v)| !inner.contains(v)).collect();
            self.known = before;
            self.known.extend(hoisted);
            let fold = self.to.push(Instr::Fold { taps: *taps, init, args: new_args, body: new_body, next });
            self.map.insert(val, fold);
            out.push(fold);
            return;
        }
        self.place(val, instr, out);
    }

    fn place(&mut self, val: Val, instr: Instr, out: &mut Vec<Val>) -> Val {
        let pure = self.pure(&instr);
        if pure && let Some(known) = self.known.get(&instr) {
            self.map.insert(val, *known);
            return *known;
        }
        let new = self.to.push(instr.clone());
        if pure {
            self.known.insert(instr, new);
        }
        self.map.insert(val, new);
        out.push(new);
        new
    }

    /// Whether repeating or moving the instruction gives the same value.
    fn pure(&self, instr: &Instr) -> bool {
        match instr {
            Instr::Store { .. } | Instr::SetCarry { .. } | Instr::Fold { .. } | Instr::FoldArg { .. } => {
                false
            }
            Instr::Load { buffer, .. } => !self.stored.contains(buffer),
            _ => true,
        }
    }

    /// The instruction with its operands renamed; `None` if nobody needs it.
    fn renamed(&self, val: Val) -> Option<Instr> {
        if !self.live.contains(&val) {
            return None;
        }
        let m = |v: &Val| self.map[v];
        Some(match &self.from.values[val.index()] {
            Instr::Store { buffer, inner, plane, value } => {
                Instr::Store { buffer: *buffer, inner: *inner, plane: *plane, value: m(value) }
            }
            Instr::SetCarry { carry, value } => Instr::SetCarry { carry: *carry, value: m(value) },
            Instr::Unary { op, a } => Instr::Unary { op: *op, a: m(a) },
            Instr::Binary { op, a, b } => Instr::Binary { op: *op, a: m(a), b: m(b) },
            Instr::Fma { a, b, c } => Instr::Fma { a: m(a), b: m(b), c: m(c) },
            Instr::Select { mask, a, b } => Instr::Select { mask: m(mask), a: m(a), b: m(b) },
            Instr::Cast { to, a } => Instr::Cast { to: *to, a: m(a) },
            Instr::Bitcast { to, a } => Instr::Bitcast { to: *to, a: m(a) },
            Instr::FoldResult { fold, index } => Instr::FoldResult { fold: m(fold), index: *index },
            other @ (Instr::Load { .. }
            | Instr::Param { .. }
            | Instr::Table { .. }
            | Instr::Bits { .. }
            | Instr::Position(_)
            | Instr::Carry(_)
            | Instr::FoldArg { .. }
            | Instr::Fold { .. }) => other.clone(),
        })
    }
}

fn tapped(instr: &Instr) -> bool {
    let any = |a: &Affine| a.tap != 0;
    match instr {
        Instr::Load { row, inner, .. } => any(row) || any(inner),
        Instr::Store { inner, .. } => any(inner),
        Instr::Table { index, .. } => any(index),
        Instr::Position(place) => *place == Place::Tap,
        _ => false,
    }
}
