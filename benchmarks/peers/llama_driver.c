/*
 * Times llama.cpp on the shapes that 'slipstream bench' times, and prints the seconds of every
 * repetition as JSON.
 *
 *   llama_driver MODEL BACKENDS THREADS REPETITIONS PROMPT GENERATE K,K,...
 *
 * BACKENDS is the folder whose CPU libraries llama.cpp may choose from. PROMPT tokens are one batch
 * (in chunks of 512) with logits for the last; GENERATE tokens are computed one by one from an empty
 * cache; a pass over K rows starts at depth 128 and wants logits for all rows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ggml-backend.h"
#include "llama.h"

enum { DEPTH = 128, CHUNK = 512, ROUNDS_PER_REPETITION = 5, MAX_KS = 32, WARM_UPS = 2 };

static struct llama_context *context;
static struct llama_batch batch;
static int vocabulary;
static int next_token;

static void quiet(enum ggml_log_level level, const char *text, void *data) {
  (void)data;
  if (level == GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

static void fail(const char *message) {
  fprintf(stderr, "%s\n", message);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static void pass(int rows, int position, int logit_rows) {
  batch.n_tokens = rows;
  for (int i = 0; i < rows; i++) {
    next_token = (next_token + 7919) % vocabulary;
    batch.token[i] = next_token;
    batch.pos[i] = position + i;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = i >= rows - logit_rows;
  }
  if (llama_decode(context, batch) != 0) fail("llama_decode failed");
  llama_synchronize(context);
}

static double prompt(int tokens) {
  llama_memory_clear(llama_get_memory(context), true);
  double start = now();
  for (int done = 0; done < tokens; done += CHUNK) {
    int rows = tokens - done < CHUNK ? tokens - done : CHUNK;
    pass(rows, done, done + rows == tokens);
  }
  return now() - start;
}

static double generate(int tokens) {
  llama_memory_clear(llama_get_memory(context), true);
  double start = now();
  for (int i = 0; i < tokens; i++) pass(1, i, 1);
  return now() - start;
}

static double verify(int rows) {
  llama_memory_seq_rm(llama_get_memory(context), 0, DEPTH, -1);
  double start = now();
  pass(rows, DEPTH, rows);
  return now() - start;
}

static void print_library(void) {
  char line[4096], *at;
  FILE *maps = fopen("/proc/self/maps", "r");
  while (maps && fgets(line, sizeof line, maps)) {
    if ((at = strrchr(line, '/')) && strncmp(at, "/libggml-cpu", 12) == 0) {
      at[strcspn(at, "\n")] = 0;
      printf("{\"library\": \"%s\"", at + 1);
      fclose(maps);
      return;
    }
  }
  fail("no CPU library was loaded");
}

static void print_seconds(const char *name, int n, const double *seconds, int count) {
  printf(",\n \"%s%d\": [", name, n);
  for (int i = 0; i < count; i++) printf("%s%.9f", i ? ", " : "", seconds[i]);
  printf("]");
}

int main(int argc, char **argv) {
  if (argc != 8) fail("llama_driver MODEL BACKENDS THREADS REPETITIONS PROMPT GENERATE K,K,...");
  int threads = atoi(argv[3]), repetitions = atoi(argv[4]);
  int prompt_tokens = atoi(argv[5]), generated = atoi(argv[6]);
  int ks[MAX_KS], count = 0, most = 1;
  for (char *word = strtok(argv[7], ","); word && count < MAX_KS; word = strtok(NULL, ",")) {
    ks[count++] = atoi(word);
    if (atoi(word) > most) most = atoi(word);
  }

  llama_log_set(quiet, NULL);
  ggml_backend_load_all_from_path(argv[2]);
  llama_backend_init();
  struct llama_model *model = llama_model_load_from_file(argv[1], llama_model_default_params());
  if (!model) fail("the model cannot be loaded");
  vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));

  struct llama_context_params params = llama_context_default_params();
  int longest = DEPTH + most;
  if (prompt_tokens > longest) longest = prompt_tokens;
  if (generated > longest) longest = generated;
  params.n_ctx = longest;
  params.n_batch = params.n_ubatch = CHUNK;
  params.n_threads = params.n_threads_batch = threads;
  context = llama_init_from_model(model, params);
  if (!context) fail("no context");
  batch = llama_batch_init(CHUNK, 0, 1);

  print_library();
  int rounds = repetitions * ROUNDS_PER_REPETITION;
  double *seconds = calloc((size_t)rounds * MAX_KS, sizeof *seconds);
  if (prompt_tokens) {
    prompt(prompt_tokens);
    for (int i = 0; i < repetitions; i++) seconds[i] = prompt(prompt_tokens);
    print_seconds("pp", prompt_tokens, seconds, repetitions);
  }
  if (generated) {
    generate(16);
    for (int i = 0; i < repetitions; i++) seconds[i] = generate(generated);
    print_seconds("tg", generated, seconds, repetitions);
  }
  prompt(DEPTH);
  for (int round = -WARM_UPS; round < rounds; round++) {
    for (int i = 0; i < count; i++) {
      double time = verify(ks[i]);
      if (round >= 0) seconds[i * rounds + round] = time;
    }
  }
  for (int i = 0; i < count; i++) print_seconds("v", ks[i], seconds + i * rounds, rounds);
  puts("}");
  return 0;
}
