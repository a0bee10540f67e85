package dev.slipstream.engine.tensor;

import dev.slipstream.models.gguf.GgmlType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Dequantisation written down from ggml's loops, one block at a time, in double. */
final class GgmlReference {
  private GgmlReference() {}

  static double[] dequantize(GgmlType type, byte[] data, int elements) {
    ByteBuffer s = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    double[] y = new double[elements];
    int blocks = elements / type.blockElements();
    for (int b = 0; b < blocks; b++) {
      block(type, s, b * type.blockBytes(), y, b * type.blockElements());
    }
    return y;
  }

  private static void block(GgmlType type, ByteBuffer s, int o, double[] y, int at) {
    switch (type) {
      case F32 -> y[at] = s.getFloat(o);
      case F16 -> y[at] = half(s, o);
      case BF16 -> y[at] = Float.intBitsToFloat(s.getShort(o) << 16);
      case Q8_0 -> {
        for (int j = 0; j < 32; j++) {
          y[at + j] = half(s, o) * s.get(o + 2 + j);
        }
      }
      case Q4_0, Q4_1, Q5_0, Q5_1 -> small(type, s, o, y, at);
      case Q2_K -> q2k(s, o, y, at);
      case Q3_K -> q3k(s, o, y, at);
      case Q4_K, Q5_K -> q45k(type == GgmlType.Q5_K, s, o, y, at);
      case Q6_K -> q6k(s, o, y, at);
    }
  }

  private static void small(GgmlType type, ByteBuffer s, int o, double[] y, int at) {
    boolean five = type == GgmlType.Q5_0 || type == GgmlType.Q5_1;
    boolean min = type == GgmlType.Q4_1 || type == GgmlType.Q5_1;
    double d = half(s, o);
    double m = min ? half(s, o + 2) : 0;
    int p = o + (min ? 4 : 2);
    int qh = five ? s.getInt(p) : 0;
    int qs = five ? p + 4 : p;
    int offset = min ? 0 : five ? 16 : 8;
    for (int j = 0; j < 16; j++) {
      int xh0 = ((qh >>> j) << 4) & 0x10;
      int xh1 = (qh >>> (j + 12)) & 0x10;
      y[at + j] = ((u(s, qs + j) & 0xf | xh0) - offset) * d + m;
      y[at + j + 16] = ((u(s, qs + j) >> 4 | xh1) - offset) * d + m;
    }
  }

  private static void q2k(ByteBuffer s, int o, double[] y, int at) {
    double d = half(s, o + 80);
    double min = half(s, o + 82);
    int q = o + 16;
    int is = 0;
    for (int n = 0; n < 256; n += 128) {
      for (int shift = 0; shift < 8; shift += 2) {
        for (int part = 0; part < 32; part += 16) {
          int sc = u(s, o + is++);
          for (int l = 0; l < 16; l++) {
            y[at++] = d * (sc & 15) * (u(s, q + part + l) >> shift & 3) - min * (sc >> 4);
          }
        }
      }
      q += 32;
    }
  }

  private static void q3k(ByteBuffer s, int o, double[] y, int at) {
    int kmask1 = 0x03030303;
    int kmask2 = 0x0f0f0f0f;
    int a0 = s.getInt(o + 96);
    int a1 = s.getInt(o + 100);
    int tmp = s.getInt(o + 104);
    ByteBuffer scales = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    scales.putInt(a0 & kmask2 | (tmp & kmask1) << 4);
    scales.putInt(a1 & kmask2 | (tmp >>> 2 & kmask1) << 4);
    scales.putInt(a0 >>> 4 & kmask2 | (tmp >>> 4 & kmask1) << 4);
    scales.putInt(a1 >>> 4 & kmask2 | (tmp >>> 6 & kmask1) << 4);
    double d = half(s, o + 108);
    int q = o + 32;
    int m = 1;
    int is = 0;
    for (int n = 0; n < 256; n += 128) {
      for (int shift = 0; shift < 8; shift += 2) {
        for (int part = 0; part < 32; part += 16) {
          double dl = d * (scales.get(is++) - 32);
          for (int l = part; l < part + 16; l++) {
            y[at++] = dl * ((u(s, q + l) >> shift & 3) - ((u(s, o + l) & m) != 0 ? 0 : 4));
          }
        }
        m <<= 1;
      }
      q += 32;
    }
  }

  private static void q45k(boolean five, ByteBuffer s, int o, double[] y, int at) {
    double d = half(s, o);
    double min = half(s, o + 2);
    int qh = o + 16;
    int q = five ? o + 48 : o + 16;
    for (int is = 0; is < 8; is++) {
      int bit = 1 << is;
      for (int l = 0; l < 32; l++) {
        int low = (is & 1) == 0 ? u(s, q + l) & 15 : u(s, q + l) >> 4;
        int high = five && (u(s, qh + l) & bit) != 0 ? 16 : 0;
        y[at++] = d * scaleK4(s, o + 4, is) * (low + high) - min * minK4(s, o + 4, is);
      }
      q += 32 * (is & 1);
    }
  }

  private static int scaleK4(ByteBuffer s, int q, int j) {
    return j < 4 ? u(s, q + j) & 63 : u(s, q + j + 4) & 0xf | u(s, q + j - 4) >> 6 << 4;
  }

  private static int minK4(ByteBuffer s, int q, int j) {
    return j < 4 ? u(s, q + j + 4) & 63 : u(s, q + j + 4) >> 4 | u(s, q + j) >> 6 << 4;
  }

  private static void q6k(ByteBuffer s, int o, double[] y, int at) {
    double d = half(s, o + 208);
    int ql = o;
    int qh = o + 128;
    int sc = o + 192;
    for (int n = 0; n < 256; n += 128) {
      for (int l = 0; l < 32; l++) {
        int is = l / 16;
        int q1 = (u(s, ql + l) & 0xf | (u(s, qh + l) & 3) << 4) - 32;
        int q2 = (u(s, ql + l + 32) & 0xf | (u(s, qh + l) >> 2 & 3) << 4) - 32;
        int q3 = (u(s, ql + l) >> 4 | (u(s, qh + l) >> 4 & 3) << 4) - 32;
        int q4 = (u(s, ql + l + 32) >> 4 | (u(s, qh + l) >> 6 & 3) << 4) - 32;
        y[at + n + l] = d * s.get(sc + is) * q1;
        y[at + n + l + 32] = d * s.get(sc + is + 2) * q2;
        y[at + n + l + 64] = d * s.get(sc + is + 4) * q3;
        y[at + n + l + 96] = d * s.get(sc + is + 6) * q4;
      }
      ql += 64;
      qh += 32;
      sc += 8;
    }
  }

  private static double half(ByteBuffer s, int o) {
    return Float.float16ToFloat(s.getShort(o));
  }

  private static int u(ByteBuffer s, int o) {
    return s.get(o) & 0xff;
  }
}
