// llama_divergence MODEL BASE TEXT LIBRARIES [CHUNKS [THREADS]]
//
// How far llama.cpp's predictions with MODEL are from its predictions with BASE: what
//   llama-perplexity --kl-divergence -c 512
// prints, but without the 16-bit rounding of the base model's log-probabilities in between. The text
// is cut as there: chunks of 512 tokens, of which the second half is predicted. LIBRARIES is the
// folder with llama.cpp's libraries. Build: see docs/accuracy.md.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ggml-backend.h"
#include "llama.h"

enum { CONTEXT = 512, FIRST = CONTEXT / 2, ROWS = CONTEXT - 1 - FIRST };

static void silent(enum ggml_log_level level, const char *text, void *data) {
  (void)level, (void)text, (void)data;
}

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static struct llama_context *load(const char *path, int threads) {
  struct llama_model *model = llama_model_load_from_file(path, llama_model_default_params());
  if (!model) fail("a model cannot be loaded");
  struct llama_context_params params = llama_context_default_params();
  params.n_ctx = params.n_batch = params.n_ubatch = CONTEXT;
  params.n_threads = params.n_threads_batch = threads;
  struct llama_context *context = llama_init_from_model(model, params);
  if (!context) fail("a context cannot be made");
  return context;
}

static char *read_text(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail("the text cannot be read");
  char *text = calloc(1, 1 << 24);
  size_t length = fread(text, 1, (1 << 24) - 1, file);
  fclose(file);
  if (length && text[length - 1] == '\n') text[length - 1] = 0;
  return text;
}

static const float *run(struct llama_context *context, const llama_token *tokens) {
  llama_memory_clear(llama_get_memory(context), true);
  struct llama_batch batch = llama_batch_init(CONTEXT, 0, 1);
  batch.n_tokens = CONTEXT;
  for (int i = 0; i < CONTEXT; i++) {
    batch.token[i] = tokens[i];
    batch.pos[i] = i;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = i >= FIRST;
  }
  if (llama_decode(context, batch)) fail("decoding failed");
  llama_batch_free(batch);
  return llama_get_logits(context);
}

static double log_sum(const float *logits, int size, int *top) {
  *top = 0;
  for (int i = 1; i < size; i++) {
    if (logits[i] > logits[*top]) *top = i;
  }
  double sum = 0;
  for (int i = 0; i < size; i++) sum += exp((double)logits[i] - logits[*top]);
  return logits[*top] + log(sum);
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

int main(int count, char **arguments) {
  if (count < 5) fail("usage: llama_divergence MODEL BASE TEXT LIBRARIES [CHUNKS [THREADS]]");
  int most = count > 5 ? atoi(arguments[5]) : 1 << 20;
  int threads = count > 6 ? atoi(arguments[6]) : 2;
  llama_log_set(silent, 0);
  ggml_backend_load_all_from_path(arguments[4]);
  llama_backend_init();
  struct llama_context *model = load(arguments[1], threads);
  struct llama_context *base = load(arguments[2], threads);
  const struct llama_vocab *vocabulary = llama_model_get_vocab(llama_get_model(model));
  int size = llama_vocab_n_tokens(vocabulary);
  char *text = read_text(arguments[3]);
  int capacity = (int)strlen(text) + 8;
  llama_token *tokens = malloc(capacity * sizeof *tokens);
  int n = llama_tokenize(vocabulary, text, strlen(text), tokens, capacity, true, false);
  int chunks = n / CONTEXT < most ? n / CONTEXT : most;
  double *divergences = malloc((size_t)chunks * ROWS * sizeof *divergences);
  double loss = 0, base_loss = 0, sum = 0, squares = 0;
  int done = 0, same = 0;
  for (int c = 0; c < chunks; c++) {
    llama_token *chunk = tokens + c * CONTEXT;
    if (llama_vocab_get_add_bos(vocabulary)) chunk[0] = llama_vocab_bos(vocabulary);
    const float *q = run(model, chunk), *p = run(base, chunk);
    for (int row = 0; row < ROWS; row++, q += size, p += size) {
      int top, base_top, next = chunk[FIRST + row + 1];
      double q_sum = log_sum(q, size, &top), p_sum = log_sum(p, size, &base_top), divergence = 0;
      for (int i = 0; i < size; i++) {
        divergence += exp(p[i] - p_sum) * ((p[i] - p_sum) - (q[i] - q_sum));
      }
      double difference = exp(q[next] - q_sum) - exp(p[next] - p_sum);
      loss += q_sum - q[next];
      base_loss += p_sum - p[next];
      squares += difference * difference;
      same += top == base_top;
      sum += divergence;
      divergences[done++] = divergence;
    }
    fprintf(stderr, "[%d]%.9f,", c + 1, sum / done);
  }
  qsort(divergences, done, sizeof *divergences, ascending);
  printf("\nMean PPL(Q)   : %10.6f\nMean PPL(base): %10.6f\n", exp(loss / done), exp(base_loss / done));
  printf("Mean    KLD: %10.9f\nMaximum KLD: %10.9f\n", sum / done, divergences[done - 1]);
  printf("99.0%%   KLD: %10.9f\nMedian  KLD: %10.9f\n", divergences[(int)(0.99 * (done - 1))],
         divergences[done / 2]);
  printf("RMS Δp    : %6.3f %%\nSame top p: %6.3f %%\nTokens: %d\n", 100 * sqrt(squares / done),
         100.0 * same / done, done);
  return 0;
}
