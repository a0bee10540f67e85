package dev.slipstream.engine.sampling;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** The distribution that a token is drawn from, written down step by step without any shortcut. */
public final class ReferenceSampling {
  private ReferenceSampling() {}

  /** Probabilities of all tokens. */
  public static double[] probabilities(
      float[] logits, SamplingParams params, int[] prompt, int[] answer) {
    double[] row = adjusted(logits, params, prompt, answer);
    double[] p = new double[row.length];
    if (params.temperature() == 0) {
      p[ranked(row).getFirst()] = 1;
      return p;
    }
    for (int i = 0; i < row.length; i++) {
      p[i] = Math.exp(row[i] / params.temperature());
    }
    normalise(p);
    List<Integer> order = ranked(row);
    int kept =
        params.cutoffs().topK() == 0 ? p.length : Math.min(params.cutoffs().topK(), p.length);
    drop(p, order, kept);
    double sum = 0;
    int nucleus = 0;
    while (nucleus < kept && sum < params.cutoffs().topP()) {
      sum += p[order.get(nucleus++)];
    }
    drop(p, order, params.cutoffs().topP() == 1 ? kept : nucleus);
    double lowest = params.cutoffs().minP() * p[order.getFirst()];
    for (int i = 0; i < p.length; i++) {
      p[i] = p[i] < lowest ? 0 : p[i];
    }
    normalise(p);
    return p;
  }

  /** In float, as the product does: which tokens are equal depends on it. */
  private static double[] adjusted(
      float[] logits, SamplingParams params, int[] prompt, int[] answer) {
    float[] row = logits.clone();
    for (Map.Entry<Integer, Float> bias : params.logitBias().entrySet()) {
      row[bias.getKey()] += bias.getValue();
    }
    double[] out = new double[row.length];
    for (int t = 0; t < row.length; t++) {
      int inPrompt = count(prompt, t);
      int inAnswer = count(answer, t);
      if (inPrompt + inAnswer > 0) {
        row[t] =
            row[t] > 0
                ? row[t] / params.penalties().repetition()
                : row[t] * params.penalties().repetition();
      }
      if (inAnswer > 0) {
        row[t] -= inAnswer * params.penalties().frequency() + params.penalties().presence();
      }
      out[t] = row[t];
    }
    return out;
  }

  private static int count(int[] tokens, int token) {
    int count = 0;
    for (int t : tokens) {
      count += t == token ? 1 : 0;
    }
    return count;
  }

  private static List<Integer> ranked(double[] row) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < row.length; i++) {
      order.add(i);
    }
    order.sort(Comparator.comparingDouble(i -> -row[i]));
    return order;
  }

  private static void drop(double[] p, List<Integer> order, int kept) {
    for (int i = kept; i < p.length; i++) {
      p[order.get(i)] = 0;
    }
    normalise(p);
  }

  private static void normalise(double[] p) {
    double sum = 0;
    for (double x : p) {
      sum += x;
    }
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
  }
}
