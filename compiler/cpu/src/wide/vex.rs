//! Machine instructions of 128 and 256 bits, with sixteen registers.

use iced_x86::Code;

use super::opcode::Order;
use super::program::{Op, Size};

/// An operation but for fused multiply-adds and what only wider vectors have.
pub fn code(op: Op, size: Size) -> Option<Code> {
    let pick = |x, y| if size == Size::X { x } else { y };
    Some(match op {
        Op::AddPs => pick(Code::VEX_Vaddps_xmm_xmm_xmmm128, Code::VEX_Vaddps_ymm_ymm_ymmm256),
        Op::AddPd => pick(Code::VEX_Vaddpd_xmm_xmm_xmmm128, Code::VEX_Vaddpd_ymm_ymm_ymmm256),
        Op::SubPs => pick(Code::VEX_Vsubps_xmm_xmm_xmmm128, Code::VEX_Vsubps_ymm_ymm_ymmm256),
        Op::SubPd => pick(Code::VEX_Vsubpd_xmm_xmm_xmmm128, Code::VEX_Vsubpd_ymm_ymm_ymmm256),
        Op::MulPs => pick(Code::VEX_Vmulps_xmm_xmm_xmmm128, Code::VEX_Vmulps_ymm_ymm_ymmm256),
        Op::MulPd => pick(Code::VEX_Vmulpd_xmm_xmm_xmmm128, Code::VEX_Vmulpd_ymm_ymm_ymmm256),
        Op::DivPs => pick(Code::VEX_Vdivps_xmm_xmm_xmmm128, Code::VEX_Vdivps_ymm_ymm_ymmm256),
        Op::DivPd => pick(Code::VEX_Vdivpd_xmm_xmm_xmmm128, Code::VEX_Vdivpd_ymm_ymm_ymmm256),
        Op::MinPs => pick(Code::VEX_Vminps_xmm_xmm_xmmm128, Code::VEX_Vminps_ymm_ymm_ymmm256),
        Op::MinPd => pick(Code::VEX_Vminpd_xmm_xmm_xmmm128, Code::VEX_Vminpd_ymm_ymm_ymmm256),
        Op::MaxPs => pick(Code::VEX_Vmaxps_xmm_xmm_xmmm128, Code::VEX_Vmaxps_ymm_ymm_ymmm256),
        Op::MaxPd => pick(Code::VEX_Vmaxpd_xmm_xmm_xmmm128, Code::VEX_Vmaxpd_ymm_ymm_ymmm256),
        Op::SqrtPs => pick(Code::VEX_Vsqrtps_xmm_xmmm128, Code::VEX_Vsqrtps_ymm_ymmm256),
        Op::SqrtPd => pick(Code::VEX_Vsqrtpd_xmm_xmmm128, Code::VEX_Vsqrtpd_ymm_ymmm256),
        Op::FloorPs => pick(Code::VEX_Vroundps_xmm_xmmm128_imm8, Code::VEX_Vroundps_ymm_ymmm256_imm8),
        Op::FloorPd => pick(Code::VEX_Vroundpd_xmm_xmmm128_imm8, Code::VEX_Vroundpd_ymm_ymmm256_imm8),
        Op::CmpPs => pick(Code::VEX_Vcmpps_xmm_xmm_xmmm128_imm8, Code::VEX_Vcmpps_ymm_ymm_ymmm256_imm8),
        Op::CmpPd => pick(Code::VEX_Vcmppd_xmm_xmm_xmmm128_imm8, Code::VEX_Vcmppd_ymm_ymm_ymmm256_imm8),
        Op::And => pick(Code::VEX_Vandps_xmm_xmm_xmmm128, Code::VEX_Vandps_ymm_ymm_ymmm256),
        Op::Or => pick(Code::VEX_Vorps_xmm_xmm_xmmm128, Code::VEX_Vorps_ymm_ymm_ymmm256),
        Op::Xor => pick(Code::VEX_Vxorps_xmm_xmm_xmmm128, Code::VEX_Vxorps_ymm_ymm_ymmm256),
        Op::AddD => pick(Code::VEX_Vpaddd_xmm_xmm_xmmm128, Code::VEX_Vpaddd_ymm_ymm_ymmm256),
        Op::AddQ => pick(Code::VEX_Vpaddq_xmm_xmm_xmmm128, Code::VEX_Vpaddq_ymm_ymm_ymmm256),
        Op::SubD => pick(Code::VEX_Vpsubd_xmm_xmm_xmmm128, Code::VEX_Vpsubd_ymm_ymm_ymmm256),
        Op::SubQ => pick(Code::VEX_Vpsubq_xmm_xmm_xmmm128, Code::VEX_Vpsubq_ymm_ymm_ymmm256),
        Op::MulD => pick(Code::VEX_Vpmulld_xmm_xmm_xmmm128, Code::VEX_Vpmulld_ymm_ymm_ymmm256),
        Op::MulLow => pick(Code::VEX_Vpmuludq_xmm_xmm_xmmm128, Code::VEX_Vpmuludq_ymm_ymm_ymmm256),
        Op::MinD => pick(Code::VEX_Vpminsd_xmm_xmm_xmmm128, Code::VEX_Vpminsd_ymm_ymm_ymmm256),
        Op::MaxD => pick(Code::VEX_Vpmaxsd_xmm_xmm_xmmm128, Code::VEX_Vpmaxsd_ymm_ymm_ymmm256),
        Op::GtD => pick(Code::VEX_Vpcmpgtd_xmm_xmm_xmmm128, Code::VEX_Vpcmpgtd_ymm_ymm_ymmm256),
        Op::GtQ => pick(Code::VEX_Vpcmpgtq_xmm_xmm_xmmm128, Code::VEX_Vpcmpgtq_ymm_ymm_ymmm256),
        Op::EqD => pick(Code::VEX_Vpcmpeqd_xmm_xmm_xmmm128, Code::VEX_Vpcmpeqd_ymm_ymm_ymmm256),
        Op::EqQ => pick(Code::VEX_Vpcmpeqq_xmm_xmm_xmmm128, Code::VEX_Vpcmpeqq_ymm_ymm_ymmm256),
        Op::SllD => pick(Code::VEX_Vpslld_xmm_xmm_imm8, Code::VEX_Vpslld_ymm_ymm_imm8),
        Op::SllQ => pick(Code::VEX_Vpsllq_xmm_xmm_imm8, Code::VEX_Vpsllq_ymm_ymm_imm8),
        Op::SraD => pick(Code::VEX_Vpsrad_xmm_xmm_imm8, Code::VEX_Vpsrad_ymm_ymm_imm8),
        Op::SrlQ => pick(Code::VEX_Vpsrlq_xmm_xmm_imm8, Code::VEX_Vpsrlq_ymm_ymm_imm8),
        Op::AbsD => pick(Code::VEX_Vpabsd_xmm_xmmm128, Code::VEX_Vpabsd_ymm_ymmm256),
        Op::BlendPs => pick(Code::VEX_Vblendvps_xmm_xmm_xmmm128_xmm, Code::VEX_Vblendvps_ymm_ymm_ymmm256_ymm),
        Op::BlendPd => pick(Code::VEX_Vblendvpd_xmm_xmm_xmmm128_xmm, Code::VEX_Vblendvpd_ymm_ymm_ymmm256_ymm),
        Op::PsToPd => pick(Code::VEX_Vcvtps2pd_xmm_xmmm64, Code::VEX_Vcvtps2pd_ymm_xmmm128),
        Op::PdToPs => pick(Code::VEX_Vcvtpd2ps_xmm_xmmm128, Code::VEX_Vcvtpd2ps_xmm_ymmm256),
        Op::DToPs => pick(Code::VEX_Vcvtdq2ps_xmm_xmmm128, Code::VEX_Vcvtdq2ps_ymm_ymmm256),
        Op::DToPd => pick(Code::VEX_Vcvtdq2pd_xmm_xmmm64, Code::VEX_Vcvtdq2pd_ymm_xmmm128),
        Op::DToQ => pick(Code::VEX_Vpmovsxdq_xmm_xmmm64, Code::VEX_Vpmovsxdq_ymm_xmmm128),
        Op::Upper => Code::VEX_Vextractf128_xmmm128_ymm_imm8,
        Op::Join => Code::VEX_Vinsertf128_ymm_ymm_xmmm128_imm8,
        Op::Shuffle => pick(Code::VEX_Vshufps_xmm_xmm_xmmm128_imm8, Code::VEX_Vshufps_ymm_ymm_ymmm256_imm8),
        Op::Permute => Code::VEX_Vpermpd_ymm_ymmm256_imm8,
        _ => return None,
    })
}

/// A fused multiply-add in one of its orders.
pub fn fma(op: Op, order: Order, size: Size) -> Code {
    let [x, y] = match (op, order) {
        (Op::FmaPs, Order::O132) => {
            [Code::VEX_Vfmadd132ps_xmm_xmm_xmmm128, Code::VEX_Vfmadd132ps_ymm_ymm_ymmm256]
        }
        (Op::FmaPs, Order::O213) => {
            [Code::VEX_Vfmadd213ps_xmm_xmm_xmmm128, Code::VEX_Vfmadd213ps_ymm_ymm_ymmm256]
        }
        (Op::FmaPs, Order::O231) => {
            [Code::VEX_Vfmadd231ps_xmm_xmm_xmmm128, Code::VEX_Vfmadd231ps_ymm_ymm_ymmm256]
        }
        (Op::FmaPd, Order::O132) => {
            [Code::VEX_Vfmadd132pd_xmm_xmm_xmmm128, Code::VEX_Vfmadd132pd_ymm_ymm_ymmm256]
        }
        (Op::FmaPd, Order::O213) => {
            [Code::VEX_Vfmadd213pd_xmm_xmm_xmmm128, Code::VEX_Vfmadd213pd_ymm_ymm_ymmm256]
        }
        (Op::FmaPd, Order::O231) => {
            [Code::VEX_Vfmadd231pd_xmm_xmm_xmmm128, Code::VEX_Vfmadd231pd_ymm_ymm_ymmm256]
        }
        (Op::FmsPs, Order::O132) => {
            [Code::VEX_Vfmsub132ps_xmm_xmm_xmmm128, Code::VEX_Vfmsub132ps_ymm_ymm_ymmm256]
        }
        (Op::FmsPs, Order::O213) => {
            [Code::VEX_Vfmsub213ps_xmm_xmm_xmmm128, Code::VEX_Vfmsub213ps_ymm_ymm_ymmm256]
        }
        (Op::FmsPs, Order::O231) => {
            [Code::VEX_Vfmsub231ps_xmm_xmm_xmmm128, Code::VEX_Vfmsub231ps_ymm_ymm_ymmm256]
        }
        (_, Order::O132) => [Code::VEX_Vfmsub132pd_xmm_xmm_xmmm128, Code::VEX_Vfmsub132pd_ymm_ymm_ymmm256],
        (_, Order::O213) => [Code::VEX_Vfmsub213pd_xmm_xmm_xmmm128, Code::VEX_Vfmsub213pd_ymm_ymm_ymmm256],
        (_, Order::O231) => [Code::VEX_Vfmsub231pd_xmm_xmm_xmmm128, Code::VEX_Vfmsub231pd_ymm_ymm_ymmm256],
    };
    if size == Size::X { x } else { y }
}
