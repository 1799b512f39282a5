// The yardstick kernel by hand, for AVX-512 where the processor has it, else AVX2 with fused multiply-add: demean (mean supplied), four
// second-order sections with F64 state, absolute value, F32 in and out. The same arithmetic in the same order as the compiled kernel, so
// that the bits are equal.
//
//     cc -O3 -march=native -shared -fPIC benches/peers/wide.c -o wide.so
#include <immintrin.h>
#include <stddef.h>

enum { SECTIONS = 4 };

// Coefficients: gain, then for each section what multiplies its output in the first and in the second state.
struct Filter {
    double gain;
    double section[SECTIONS][2];
};

#if defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512VL__)
typedef __m512d Doubles;
typedef __m256 Singles;
#define D(name) _mm512_##name
#define S(name) _mm256_##name
static Doubles where_equal(Doubles a, Doubles b, Doubles x) { return _mm512_maskz_mov_pd(_mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ), x); }
#else
typedef __m256d Doubles;
typedef __m128 Singles;
#define D(name) _mm256_##name
#define S(name) _mm_##name
static Doubles where_equal(Doubles a, Doubles b, Doubles x) { return _mm256_and_pd(_mm256_cmp_pd(a, b, _CMP_EQ_OQ), x); }
#endif

enum { LANES = sizeof(Doubles) / sizeof(double) };

// Rows `rows` of `lanes` channels, a multiple of LANES; strides in elements. `state` is SECTIONS * 2 arrays of `state_stride` values.
void yardstick(const float *in, float *out, size_t rows, size_t lanes, size_t in_stride, size_t out_stride,
               const double *mean, double *state, size_t state_stride, const struct Filter *filter)
{
    const Doubles zero = D(setzero_pd)(), gain = D(set1_pd)(filter->gain);
    const Singles sign = S(set1_ps)(-0.0f);
    Doubles a[SECTIONS][2];
    for (int k = 0; k < SECTIONS; k++)
        for (int i = 0; i < 2; i++)
            a[k][i] = D(set1_pd)(filter->section[k][i]);
    for (size_t c = 0; c < lanes; c += LANES) {
        Doubles s[SECTIONS][2];
        for (int k = 0; k < SECTIONS; k++)
            for (int i = 0; i < 2; i++)
                s[k][i] = D(loadu_pd)(state + (2 * k + i) * state_stride + c);
        const Doubles centre = D(loadu_pd)(mean + c);
        const float *from = in + c;
        float *to = out + c;
        for (size_t t = 0; t < rows; t++) {
            _mm_prefetch((const char *)from + 64, _MM_HINT_T0);
            _mm_prefetch((const char *)to + 64, _MM_HINT_T0);
            Doubles x = D(cvtps_pd)(S(loadu_ps)(from));
            x = D(cvtps_pd)(D(cvtpd_ps)(D(sub_pd)(x, centre)));
            // NaN where the sample is not finite, zero elsewhere; such a sample counts as zero.
            const Doubles broken = D(mul_pd)(x, zero);
            x = where_equal(broken, zero, x);
            x = D(mul_pd)(gain, x);
            for (int k = 0; k < SECTIONS; k++) {
                const Doubles y = D(add_pd)(x, s[k][0]);
                s[k][0] = D(fmadd_pd)(a[k][0], y, s[k][1]);
                s[k][1] = D(fmsub_pd)(a[k][1], y, x);
                x = y;
            }
            const Singles y = D(cvtpd_ps)(D(add_pd)(x, broken));
            S(storeu_ps)(to, S(andnot_ps)(sign, y));
            from += in_stride;
            to += out_stride;
        }
        for (int k = 0; k < SECTIONS; k++)
            for (int i = 0; i < 2; i++)
                D(storeu_pd)(state + (2 * k + i) * state_stride + c, s[k][i]);
    }
}

// All rows of a record, `tile` of them at a time, so that the state stays in registers for as long and rows are walked whole.
void yardstick_record(const float *in, float *out, size_t rows, size_t tile, size_t lanes, size_t in_stride, size_t out_stride,
                      const double *mean, double *state, size_t state_stride, const struct Filter *filter)
{
    for (size_t t = 0; t < rows; t += tile) {
        const size_t count = rows - t < tile ? rows - t : tile;
        yardstick(in + t * in_stride, out + t * out_stride, count, lanes, in_stride, out_stride, mean, state, state_stride, filter);
    }
}
