//! Machine instructions of 256 and 512 bits, with thirty-two registers.

use iced_x86::Code;

use super::opcode::Order;
use super::program::{Op, Size};

/// An operation but for fused multiply-adds and what only narrower vectors have. Comparisons give a mask register.
pub fn code(op: Op, size: Size) -> Option<Code> {
    let pick = |y, z| if size == Size::Z { z } else { y };
    Some(match op {
        Op::AddPs => {
            pick(Code::EVEX_Vaddps_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vaddps_zmm_k1z_zmm_zmmm512b32_er)
        }
        Op::AddPd => {
            pick(Code::EVEX_Vaddpd_ymm_k1z_ymm_ymmm256b64, Code::EVEX_Vaddpd_zmm_k1z_zmm_zmmm512b64_er)
        }
        Op::SubPs => {
            pick(Code::EVEX_Vsubps_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vsubps_zmm_k1z_zmm_zmmm512b32_er)
        }
        Op::SubPd => {
            pick(Code::EVEX_Vsubpd_ymm_k1z_ymm_ymmm256b64, Code::EVEX_Vsubpd_zmm_k1z_zmm_zmmm512b64_er)
        }
        Op::MulPs => {
            pick(Code::EVEX_Vmulps_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vmulps_zmm_k1z_zmm_zmmm512b32_er)
        }
        Op::MulPd => {
            pick(Code::EVEX_Vmulpd_ymm_k1z_ymm_ymmm256b64, Code::EVEX_Vmulpd_zmm_k1z_zmm_zmmm512b64_er)
        }
        Op::DivPs => {
            pick(Code::EVEX_Vdivps_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vdivps_zmm_k1z_zmm_zmmm512b32_er)
        }
        Op::DivPd => {
            pick(Code::EVEX_Vdivpd_ymm_k1z_ymm_ymmm256b64, Code::EVEX_Vdivpd_zmm_k1z_zmm_zmmm512b64_er)
        }
        Op::MinPs => {
            pick(Code::EVEX_Vminps_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vminps_zmm_k1z_zmm_zmmm512b32_sae)
        }
        Op::MinPd => {
            pick(Code::EVEX_Vminpd_ymm_k1z_ymm_ymmm256b64, Code::EVEX_Vminpd_zmm_k1z_zmm_zmmm512b64_sae)
        }
        Op::MaxPs => {
            pick(Code::EVEX_Vmaxps_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vmaxps_zmm_k1z_zmm_zmmm512b32_sae)
        }
        Op::MaxPd => {
            pick(Code::EVEX_Vmaxpd_ymm_k1z_ymm_ymmm256b64, Code::EVEX_Vmaxpd_zmm_k1z_zmm_zmmm512b64_sae)
        }
        Op::SqrtPs => pick(Code::EVEX_Vsqrtps_ymm_k1z_ymmm256b32, Code::EVEX_Vsqrtps_zmm_k1z_zmmm512b32_er),
        Op::SqrtPd => pick(Code::EVEX_Vsqrtpd_ymm_k1z_ymmm256b64, Code::EVEX_Vsqrtpd_zmm_k1z_zmmm512b64_er),
        Op::FloorPs => pick(
            Code::EVEX_Vrndscaleps_ymm_k1z_ymmm256b32_imm8,
            Code::EVEX_Vrndscaleps_zmm_k1z_zmmm512b32_imm8_sae,
        ),
        Op::FloorPd => pick(
            Code::EVEX_Vrndscalepd_ymm_k1z_ymmm256b64_imm8,
            Code::EVEX_Vrndscalepd_zmm_k1z_zmmm512b64_imm8_sae,
        ),
        Op::CmpPs => {
            pick(Code::EVEX_Vcmpps_kr_k1_ymm_ymmm256b32_imm8, Code::EVEX_Vcmpps_kr_k1_zmm_zmmm512b32_imm8_sae)
        }
        Op::CmpPd => {
            pick(Code::EVEX_Vcmppd_kr_k1_ymm_ymmm256b64_imm8, Code::EVEX_Vcmppd_kr_k1_zmm_zmmm512b64_imm8_sae)
        }
        Op::GtD => pick(Code::EVEX_Vpcmpgtd_kr_k1_ymm_ymmm256b32, Code::EVEX_Vpcmpgtd_kr_k1_zmm_zmmm512b32),
        Op::GtQ => pick(Code::EVEX_Vpcmpgtq_kr_k1_ymm_ymmm256b64, Code::EVEX_Vpcmpgtq_kr_k1_zmm_zmmm512b64),
        Op::EqD => pick(Code::EVEX_Vpcmpeqd_kr_k1_ymm_ymmm256b32, Code::EVEX_Vpcmpeqd_kr_k1_zmm_zmmm512b32),
        Op::EqQ => pick(Code::EVEX_Vpcmpeqq_kr_k1_ymm_ymmm256b64, Code::EVEX_Vpcmpeqq_kr_k1_zmm_zmmm512b64),
        Op::And => pick(Code::EVEX_Vandps_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vandps_zmm_k1z_zmm_zmmm512b32),
        Op::Or => pick(Code::EVEX_Vorps_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vorps_zmm_k1z_zmm_zmmm512b32),
        Op::Xor => pick(Code::EVEX_Vxorps_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vxorps_zmm_k1z_zmm_zmmm512b32),
        Op::AddD => pick(Code::EVEX_Vpaddd_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vpaddd_zmm_k1z_zmm_zmmm512b32),
        Op::AddQ => pick(Code::EVEX_Vpaddq_ymm_k1z_ymm_ymmm256b64, Code::EVEX_Vpaddq_zmm_k1z_zmm_zmmm512b64),
        Op::SubD => pick(Code::EVEX_Vpsubd_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vpsubd_zmm_k1z_zmm_zmmm512b32),
        Op::SubQ => pick(Code::EVEX_Vpsubq_ymm_k1z_ymm_ymmm256b64, Code::EVEX_Vpsubq_zmm_k1z_zmm_zmmm512b64),
        Op::MulD => {
            pick(Code::EVEX_Vpmulld_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vpmulld_zmm_k1z_zmm_zmmm512b32)
        }
        Op::MulLow => {
            pick(Code::EVEX_Vpmuludq_ymm_k1z_ymm_ymmm256b64, Code::EVEX_Vpmuludq_zmm_k1z_zmm_zmmm512b64)
        }
        Op::MinD => {
            pick(Code::EVEX_Vpminsd_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vpminsd_zmm_k1z_zmm_zmmm512b32)
        }
        Op::MaxD => {
            pick(Code::EVEX_Vpmaxsd_ymm_k1z_ymm_ymmm256b32, Code::EVEX_Vpmaxsd_zmm_k1z_zmm_zmmm512b32)
        }
        Op::SllD => {
            pick(Code::EVEX_Vpslld_ymm_k1z_ymmm256b32_imm8, Code::EVEX_Vpslld_zmm_k1z_zmmm512b32_imm8)
        }
        Op::SllQ => {
            pick(Code::EVEX_Vpsllq_ymm_k1z_ymmm256b64_imm8, Code::EVEX_Vpsllq_zmm_k1z_zmmm512b64_imm8)
        }
        Op::SraD => {
            pick(Code::EVEX_Vpsrad_ymm_k1z_ymmm256b32_imm8, Code::EVEX_Vpsrad_zmm_k1z_zmmm512b32_imm8)
        }
        Op::SrlQ => {
            pick(Code::EVEX_Vpsrlq_ymm_k1z_ymmm256b64_imm8, Code::EVEX_Vpsrlq_zmm_k1z_zmmm512b64_imm8)
        }
        Op::AbsD => pick(Code::EVEX_Vpabsd_ymm_k1z_ymmm256b32, Code::EVEX_Vpabsd_zmm_k1z_zmmm512b32),
        Op::AbsQ => pick(Code::EVEX_Vpabsq_ymm_k1z_ymmm256b64, Code::EVEX_Vpabsq_zmm_k1z_zmmm512b64),
        Op::PsToPd => {
            pick(Code::EVEX_Vcvtps2pd_ymm_k1z_xmmm128b32, Code::EVEX_Vcvtps2pd_zmm_k1z_ymmm256b32_sae)
        }
        Op::PdToPs => {
            pick(Code::EVEX_Vcvtpd2ps_xmm_k1z_ymmm256b64, Code::EVEX_Vcvtpd2ps_ymm_k1z_zmmm512b64_er)
        }
        Op::DToPs => {
            pick(Code::EVEX_Vcvtdq2ps_ymm_k1z_ymmm256b32, Code::EVEX_Vcvtdq2ps_zmm_k1z_zmmm512b32_er)
        }
        Op::DToPd => {
            pick(Code::EVEX_Vcvtdq2pd_ymm_k1z_xmmm128b32, Code::EVEX_Vcvtdq2pd_zmm_k1z_ymmm256b32_er)
        }
        Op::DToQ => pick(Code::EVEX_Vpmovsxdq_ymm_k1z_xmmm128, Code::EVEX_Vpmovsxdq_zmm_k1z_ymmm256),
        Op::QToD => pick(Code::EVEX_Vpmovqd_xmmm128_k1z_ymm, Code::EVEX_Vpmovqd_ymmm256_k1z_zmm),
        Op::Upper => {
            pick(Code::EVEX_Vextractf32x4_xmmm128_k1z_ymm_imm8, Code::EVEX_Vextractf64x4_ymmm256_k1z_zmm_imm8)
        }
        Op::Join => pick(
            Code::EVEX_Vinsertf32x4_ymm_k1z_ymm_xmmm128_imm8,
            Code::EVEX_Vinsertf64x4_zmm_k1z_zmm_ymmm256_imm8,
        ),
        Op::Choose => pick(
            Code::EVEX_Vpternlogd_ymm_k1z_ymm_ymmm256b32_imm8,
            Code::EVEX_Vpternlogd_zmm_k1z_zmm_zmmm512b32_imm8,
        ),
        _ => return None,
    })
}

/// A fused multiply-add in one of its orders.
pub fn fma(op: Op, order: Order, size: Size) -> Code {
    let pick = |y, z| if size == Size::Z { z } else { y };
    match (op, order) {
        (Op::FmaPs, Order::O132) => pick(
            Code::EVEX_Vfmadd132ps_ymm_k1z_ymm_ymmm256b32,
            Code::EVEX_Vfmadd132ps_zmm_k1z_zmm_zmmm512b32_er,
        ),
        (Op::FmaPs, Order::O213) => pick(
            Code::EVEX_Vfmadd213ps_ymm_k1z_ymm_ymmm256b32,
            Code::EVEX_Vfmadd213ps_zmm_k1z_zmm_zmmm512b32_er,
        ),
        (Op::FmaPs, Order::O231) => pick(
            Code::EVEX_Vfmadd231ps_ymm_k1z_ymm_ymmm256b32,
            Code::EVEX_Vfmadd231ps_zmm_k1z_zmm_zmmm512b32_er,
        ),
        (Op::FmaPd, Order::O132) => pick(
            Code::EVEX_Vfmadd132pd_ymm_k1z_ymm_ymmm256b64,
            Code::EVEX_Vfmadd132pd_zmm_k1z_zmm_zmmm512b64_er,
        ),
        (Op::FmaPd, Order::O213) => pick(
            Code::EVEX_Vfmadd213pd_ymm_k1z_ymm_ymmm256b64,
            Code::EVEX_Vfmadd213pd_zmm_k1z_zmm_zmmm512b64_er,
        ),
        (Op::FmaPd, Order::O231) => pick(
            Code::EVEX_Vfmadd231pd_ymm_k1z_ymm_ymmm256b64,
            Code::EVEX_Vfmadd231pd_zmm_k1z_zmm_zmmm512b64_er,
        ),
        (Op::FmsPs, Order::O132) => pick(
            Code::EVEX_Vfmsub132ps_ymm_k1z_ymm_ymmm256b32,
            Code::EVEX_Vfmsub132ps_zmm_k1z_zmm_zmmm512b32_er,
        ),
        (Op::FmsPs, Order::O213) => pick(
            Code::EVEX_Vfmsub213ps_ymm_k1z_ymm_ymmm256b32,
            Code::EVEX_Vfmsub213ps_zmm_k1z_zmm_zmmm512b32_er,
        ),
        (Op::FmsPs, Order::O231) => pick(
            Code::EVEX_Vfmsub231ps_ymm_k1z_ymm_ymmm256b32,
            Code::EVEX_Vfmsub231ps_zmm_k1z_zmm_zmmm512b32_er,
        ),
        (_, Order::O132) => pick(
            Code::EVEX_Vfmsub132pd_ymm_k1z_ymm_ymmm256b64,
            Code::EVEX_Vfmsub132pd_zmm_k1z_zmm_zmmm512b64_er,
        ),
        (_, Order::O213) => pick(
            Code::EVEX_Vfmsub213pd_ymm_k1z_ymm_ymmm256b64,
            Code::EVEX_Vfmsub213pd_zmm_k1z_zmm_zmmm512b64_er,
        ),
        (_, Order::O231) => pick(
            Code::EVEX_Vfmsub231pd_ymm_k1z_ymm_ymmm256b64,
            Code::EVEX_Vfmsub231pd_zmm_k1z_zmm_zmmm512b64_er,
        ),
    }
}
