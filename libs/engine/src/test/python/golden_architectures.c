// golden_architectures MODEL LIBRARIES STEPS < ids: what llama.cpp answers, in F32 with F32 keys and values.
//
// Reads a prompt's token ids from each line and prints a line of JSON: the ids, the 20 likeliest first tokens with their
// log-probabilities (with ALL in the environment all logits too), the greedy answer, and how much of it must match: up to
// the first step at which the two likeliest logits differ by less than 0.03. MODEL has been rewritten to F32 before.
// Compiled against llama.cpp's headers and linked with libllama and libggml; LIBRARIES is the folder of the CPU ones.
#include "ggml-backend.h"
#include "llama.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_IDS = 4096, MAX_STEPS = 512, LIKELIEST = 20, CONTEXT = 2048 };
static const float CLOSE = 0.03f;

static void silent(enum ggml_log_level level, const char *text, void *user) {}

static void print_array(const char *name, const int *values, int count) {
  printf("\"%s\":[", name);
  for (int i = 0; i < count; i++) printf("%s%d", i ? "," : "", values[i]);
  printf("]");
}

static int argmax(const float *logits, int size, const char *skipped) {
  int best = 0;
  while (skipped[best]) best++;
  for (int i = best; i < size; i++)
    if (!skipped[i] && logits[i] > logits[best]) best = i;
  return best;
}

static void print_first(const float *logits, int size) {
  if (getenv("ALL")) {
    printf(",\"logits\":[");
    for (int i = 0; i < size; i++) printf("%s%.5f", i ? "," : "", logits[i]);
    printf("]");
  }
  char *skipped = calloc(size, 1);
  double max = logits[argmax(logits, size, skipped)], sum = 0;
  for (int i = 0; i < size; i++) sum += exp(logits[i] - max);
  printf(",\"top_logprobs\":[");
  for (int n = 0; n < LIKELIEST; n++) {
    int best = argmax(logits, size, skipped);
    skipped[best] = 1;
    printf("%s[%d,%.5f]", n ? "," : "", best, logits[best] - max - log(sum));
  }
  printf("]");
  free(skipped);
}

static const float *decode(struct llama_context *context, const int *ids, int count, int position) {
  struct llama_batch batch = llama_batch_init(count, 0, 1);
  batch.n_tokens = count;
  for (int i = 0; i < count; i++) {
    batch.token[i] = ids[i];
    batch.pos[i] = position + i;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = i == count - 1;
  }
  if (llama_decode(context, batch)) exit(1);
  llama_batch_free(batch);
  return llama_get_logits_ith(context, -1);
}

static void answer(struct llama_context *context, const struct llama_vocab *vocabulary, const int *ids, int count, int steps) {
  int size = llama_vocab_n_tokens(vocabulary), greedy[MAX_STEPS], made = 0, certain = -1, ended = 0, position = 0;
  char *skipped = calloc(size, 1);
  llama_memory_clear(llama_get_memory(context), true);
  printf("{");
  print_array("ids", ids, count);
  while (made < steps && !ended) {
    const float *logits = made ? decode(context, &greedy[made - 1], 1, position) : decode(context, ids, count, 0);
    position += made ? 1 : count;
    if (!made) print_first(logits, size);
    int best = argmax(logits, size, skipped);
    skipped[best] = 1;
    int second = argmax(logits, size, skipped);
    skipped[best] = 0;
    if (certain < 0 && logits[best] - logits[second] < CLOSE) certain = made;
    greedy[made++] = best;
    ended = llama_vocab_is_eog(vocabulary, best);
  }
  printf(",");
  print_array("greedy", greedy, made);
  printf(",\"must_match\":%d,\"eos\":%s}\n", certain < 0 ? made : certain, ended ? "true" : "false");
  free(skipped);
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  llama_log_set(silent, NULL);
  ggml_backend_load_all_from_path(arguments[2]);
  llama_backend_init();
  struct llama_model_params model_parameters = llama_model_default_params();
  model_parameters.use_extra_bufts = false;
  struct llama_model *model = llama_model_load_from_file(arguments[1], model_parameters);
  if (!model) return 1;
  struct llama_context_params parameters = llama_context_default_params();
  parameters.n_ctx = parameters.n_batch = parameters.n_ubatch = CONTEXT;
  parameters.n_threads = parameters.n_threads_batch = 1;
  parameters.type_k = parameters.type_v = GGML_TYPE_F32;
  parameters.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  parameters.swa_full = true;
  struct llama_context *context = llama_init_from_model(model, parameters);
  if (!context) return 1;
  static char line[1 << 20];
  while (fgets(line, sizeof line, stdin)) {
    int ids[MAX_IDS], length = 0;
    for (char *id = strtok(line, " \n"); id && length < MAX_IDS; id = strtok(NULL, " \n")) ids[length++] = atoi(id);
    if (length) answer(context, llama_model_get_vocab(model), ids, length, atoi(arguments[3]) < MAX_STEPS ? atoi(arguments[3]) : MAX_STEPS);
  }
}
