// The yardstick kernel by hand, for AVX2 with fused multiply-add: demean (mean supplied), four second-order sections with F64 state,
// absolute value, F32 in and out. The same arithmetic in the same order as the compiled kernel, so that the bits are equal.
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

// Rows `rows` of `lanes` channels, a multiple of 4; strides in elements. `state` is SECTIONS * 2 arrays of `state_stride` values.
void yardstick(const float *in, float *out, size_t rows, size_t lanes, size_t in_stride, size_t out_stride,
               const double *mean, double *state, size_t state_stride, const struct Filter *filter)
{
    const __m256d zero = _mm256_setzero_pd(), gain = _mm256_set1_pd(filter->gain);
    const __m128 magnitude = _mm_castsi128_ps(_mm_set1_epi32(0x7fffffff));
    __m256d a[SECTIONS][2];
    for (int k = 0; k < SECTIONS; k++)
        for (int i = 0; i < 2; i++)
            a[k][i] = _mm256_set1_pd(filter->section[k][i]);
    for (size_t c = 0; c < lanes; c += 4) {
        __m256d s[SECTIONS][2];
        for (int k = 0; k < SECTIONS; k++)
            for (int i = 0; i < 2; i++)
                s[k][i] = _mm256_loadu_pd(state + (2 * k + i) * state_stride + c);
        const __m256d centre = _mm256_loadu_pd(mean + c);
        const float *from = in + c;
        float *to = out + c;
        for (size_t t = 0; t < rows; t++) {
            _mm_prefetch((const char *)from + 64, _MM_HINT_T0);
            _mm_prefetch((const char *)to + 64, _MM_HINT_T0);
            __m256d x = _mm256_cvtps_pd(_mm_loadu_ps(from));
            x = _mm256_cvtps_pd(_mm256_cvtpd_ps(_mm256_sub_pd(x, centre)));
            // NaN where the sample is not finite, zero elsewhere; such a sample counts as zero.
            const __m256d broken = _mm256_mul_pd(x, zero);
            x = _mm256_and_pd(_mm256_cmp_pd(broken, zero, _CMP_EQ_OQ), x);
            x = _mm256_mul_pd(gain, x);
            for (int k = 0; k < SECTIONS; k++) {
                const __m256d y = _mm256_add_pd(x, s[k][0]);
                s[k][0] = _mm256_fmadd_pd(a[k][0], y, s[k][1]);
                s[k][1] = _mm256_fmsub_pd(a[k][1], y, x);
                x = y;
            }
            const __m128 y = _mm256_cvtpd_ps(_mm256_add_pd(x, broken));
            _mm_storeu_ps(to, _mm_and_ps(y, magnitude));
            from += in_stride;
            to += out_stride;
        }
        for (int k = 0; k < SECTIONS; k++)
            for (int i = 0; i < 2; i++)
                _mm256_storeu_pd(state + (2 * k + i) * state_stride + c, s[k][i]);
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
