// SPDX-License-Identifier: MIT

#include "CPixelReference.h"

#include <math.h>

void pxa_ref_linear_forward(double *y, double *magnitude, const double *x, const double *weights, const double *bias,
                            int32_t inputs, int32_t outputs) {
  for (int o = 0; o < outputs; o++) {
    y[o] = bias[o];
    magnitude[o] = fabs(bias[o]);
    for (int i = 0; i < inputs; i++) {
      y[o] += x[i] * weights[o * inputs + i];
      magnitude[o] += fabs(x[i] * weights[o * inputs + i]);
    }
  }
}

void pxa_ref_linear_input_grad(double *dx, double *magnitude, const double *dy, const double *weights, int32_t inputs,
                               int32_t first, int32_t end) {
  for (int i = 0; i < inputs; i++) {
    dx[i] = magnitude[i] = 0;
    for (int o = first; o < end; o++) {
      dx[i] += dy[o] * weights[o * inputs + i];
      magnitude[i] += fabs(dy[o] * weights[o * inputs + i]);
    }
  }
}

// The functions, in the order of pxa_function_kind.
enum {
  CLAMP,
  LEAKY_RELU,
  ELU,
  SIGMOID,
  HARD_SIGMOID,
  HARD_SWISH,
  SWISH,
  TANH,
  GELU,
  GELU_TANH,
  MISH,
  SOFTPLUS,
  ERF,
  SOFTSIGN,
  THRESHOLD,
  ABSOLUTE,
  SQUARE_ROOT,
  RECIPROCAL,
  EXP,
  LOG,
  POWER
};

static double sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }
static double normal_cdf(double x) { return erfc(-x / sqrt(2)) / 2; }
static double clamp(double x, double low, double high) { return fmin(high, fmax(low, x)); }

// gelu_inner is 2·√(2/π)·(x + 0.044715·x³); GELU_TANH is x·σ(gelu_inner(x)).
static const double pi = 3.14159265358979323846, cubic = 0.044715;
static double gelu_inner(double x) { return 2 * sqrt(2 / pi) * (x + cubic * x * x * x); }
static double gelu_inner_derivative(double x) { return 2 * sqrt(2 / pi) * (1 + 3 * cubic * x * x); }

static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }

double pxa_ref_function(pxa_ref_curve f, double x) {
  double a = f.a, b = f.b;
  switch (f.kind) {
  case CLAMP:
    return clamp(x, a, b);
  case LEAKY_RELU:
    return x > 0 ? x : f.slope * x;
  case ELU:
    return x > 0 ? f.c * x : a * expm1(b * x);
  case SIGMOID:
    return sigmoid(x);
  case HARD_SIGMOID:
    return clamp(a * x + b, 0, 1);
  case HARD_SWISH:
    return x * clamp(x / 6 + 0.5, 0, 1);
  case SWISH:
    return x * sigmoid(a * x);
  case TANH:
    return tanh(x);
  case GELU:
    return x * normal_cdf(x);
  case GELU_TANH:
    return x * sigmoid(gelu_inner(x));
  case MISH:
    return x * tanh(softplus(x));
  case SOFTPLUS:
    return softplus(x);
  case ERF:
    return erf(x);
  case SOFTSIGN:
    return x / (1 + fabs(x));
  case THRESHOLD:
    return x > a ? x : 0;
  case ABSOLUTE:
    return fabs(x);
  case SQUARE_ROOT:
    return sqrt(x);
  case RECIPROCAL:
    return 1 / x;
  case EXP:
    return exp(x);
  case LOG:
    return log(x);
  case POWER:
    return pow(x, a);
  default:
    return NAN;
  }
}

double pxa_ref_function_derivative(pxa_ref_curve f, double x) {
  double a = f.a, b = f.b;
  switch (f.kind) {
  case CLAMP:
    return a < x && x < b;
  case LEAKY_RELU:
    return x > 0 ? 1 : f.slope;
  case ELU:
    return x > 0 ? f.c : a * b * exp(b * x);
  case SIGMOID:
    return sigmoid(x) * sigmoid(-x);
  case HARD_SIGMOID:
    return 0 < a * x + b && a * x + b < 1 ? a : 0;
  case HARD_SWISH:
    return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5;
  case SWISH:
    return sigmoid(a * x) * (1 + a * x * sigmoid(-a * x));
  case TANH:
    return 4 * sigmoid(2 * x) * sigmoid(-2 * x);
  case GELU:
    return normal_cdf(x) + x * exp(-x * x / 2) / sqrt(2 * pi);
  case GELU_TANH: {
    double inner = clamp(gelu_inner(x), -700, 700);
    return sigmoid(inner) + x * sigmoid(inner) * sigmoid(-inner) * gelu_inner_derivative(x);
  }
  case MISH: {
    double share = tanh(softplus(x)), cosine = cosh(fmin(softplus(x), 700));
    return share + x * sigmoid(x) / cosine / cosine;
  }
  case SOFTPLUS:
    return sigmoid(x);
  case ERF:
    return 2 / sqrt(pi) * exp(-x * x);
  case SOFTSIGN:
    return 1 / ((1 + fabs(x)) * (1 + fabs(x)));
  case THRESHOLD:
    return x > a;
  case ABSOLUTE:
    return x > 0 ? 1 : x < 0 ? -1 : 0;
  case SQUARE_ROOT:
    return 0.5 / sqrt(x);
  case RECIPROCAL:
    return -1 / (x * x);
  case EXP:
    return exp(x);
  case LOG:
    return 1 / x;
  case POWER:
    return a * pow(x, a - 1);
  default:
    return NAN;
  }
}

static int first_channel(pxa_ref_lrn lrn, int c) { return c - lrn.size / 2 > 0 ? c - lrn.size / 2 : 0; }

static int last_channel(pxa_ref_lrn lrn, int c) {
  return c + (lrn.size - 1) / 2 < lrn.channels ? c + (lrn.size - 1) / 2 : lrn.channels - 1;
}

void pxa_ref_lrn_forward(double *y, double *scale, const double *x, pxa_ref_lrn lrn) {
  for (int c = 0; c < lrn.channels; c++)
    for (int p = 0; p < lrn.plane; p++) {
      double sum = 0;
      for (int j = first_channel(lrn, c); j <= last_channel(lrn, c); j++)
        sum += x[j * lrn.plane + p] * x[j * lrn.plane + p];
      int at = c * lrn.plane + p;
      scale[at] = lrn.k + lrn.alpha / lrn.size * sum;
      y[at] = x[at] * pow(scale[at], -lrn.beta);
    }
}

void pxa_ref_lrn_input_grad(double *dx, double *magnitude, const double *dy, const double *x, const double *scale,
                            pxa_ref_lrn lrn) {
  for (int at = 0; at < lrn.channels * lrn.plane; at++) {
    dx[at] = dy[at] * pow(scale[at], -lrn.beta);
    magnitude[at] = fabs(dx[at]);
  }
  for (int j = 0; j < lrn.channels; j++)
    for (int p = 0; p < lrn.plane; p++) {
      int from = j * lrn.plane + p;
      double term = -2 * lrn.alpha * lrn.beta / lrn.size * dy[from] * x[from] * pow(scale[from], -lrn.beta - 1);
      for (int c = first_channel(lrn, j); c <= last_channel(lrn, j); c++) {
        dx[c * lrn.plane + p] += term * x[c * lrn.plane + p];
        magnitude[c * lrn.plane + p] += fabs(term * x[c * lrn.plane + p]);
      }
    }
}

// The elements that share their statistics: the channels of a pixel, or the pixels of a group of channels.
typedef struct {
  int first, step, count;
} norm_group;

static int norm_group_count(pxa_ref_layer_norm norm) { return norm.groups > 0 ? norm.groups : norm.plane; }

static norm_group norm_group_at(pxa_ref_layer_norm norm, int group) {
  if (norm.groups == 0)
    return (norm_group){group, norm.plane, norm.channels};
  int count = norm.channels / norm.groups * norm.plane;
  return (norm_group){group * count, 1, count};
}

#define EACH_IN_GROUP(at, group) for (int at = group.first, i = 0; i < group.count; i++, at += group.step)

// The mean of X, the mean of |X|, and 1/√(variance + epsilon).
typedef struct {
  double mean, size, factor;
} moments;

static moments moments_of(const double *x, norm_group group, double epsilon) {
  double sum = 0, size = 0, squares = 0;
  EACH_IN_GROUP(at, group) {
    sum += x[at];
    size += fabs(x[at]);
  }
  double mean = sum / group.count;
  EACH_IN_GROUP(at, group)
    squares += (x[at] - mean) * (x[at] - mean);
  return (moments){mean, size / group.count, 1 / sqrt(squares / group.count + epsilon)};
}

void pxa_ref_layer_norm_forward(double *y, double *magnitude, const double *x, const double *scale, const double *shift,
                                pxa_ref_layer_norm norm) {
  for (int k = 0; k < norm_group_count(norm); k++) {
    norm_group group = norm_group_at(norm, k);
    moments m = moments_of(x, group, norm.epsilon);
    EACH_IN_GROUP(at, group) {
      int c = at / norm.plane;
      double z = (x[at] - m.mean) * m.factor;
      y[at] = scale[c] * z + shift[c];
      magnitude[at] = fabs(scale[c]) * (fabs(z) + m.factor * m.size) + fabs(shift[c]);
    }
  }
}

void pxa_ref_layer_norm_input_grad(double *dx, double *magnitude, const double *dy, const double *x,
                                   const double *scale, pxa_ref_layer_norm norm) {
  for (int k = 0; k < norm_group_count(norm); k++) {
    norm_group group = norm_group_at(norm, k);
    moments m = moments_of(x, group, norm.epsilon);
    double g_mean = 0, gz_mean = 0, g_size = 0, gz_size = 0;
    EACH_IN_GROUP(at, group) {
      double g = scale[at / norm.plane] * dy[at], z = (x[at] - m.mean) * m.factor;
      g_mean += g;
      gz_mean += g * z;
      g_size += fabs(g);
      gz_size += fabs(g * z);
    }
    g_mean /= group.count;
    gz_mean /= group.count;
    g_size /= group.count;
    gz_size /= group.count;
    EACH_IN_GROUP(at, group) {
      double g = scale[at / norm.plane] * dy[at], z = (x[at] - m.mean) * m.factor;
      dx[at] = (g - g_mean - z * gz_mean) * m.factor;
      double mean_error = m.factor * m.size * (fabs(z) * g_size + gz_size);
      magnitude[at] = (fabs(g) + g_size + fabs(z) * gz_size + mean_error) * m.factor;
    }
  }
}
