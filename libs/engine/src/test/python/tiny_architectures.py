#!/usr/bin/env python3
"""Writes the small random models of ArchitectureGoldenTest, and prompts for them.

  pip install gguf numpy
  tiny_architectures.py FOLDER

Expected results come from llama.cpp: each model rewritten to F32 and run with F32 keys and values, greedily, for each line
of NAME.ids; see golden_architectures.c.
"""
import sys
import gguf
import numpy as np

DIMENSION, HEADS, KV_HEADS, HEAD, HIDDEN, LAYERS = 32, 4, 2, 16, 64, 7


def vocabulary(writer):
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = iter(range(256, 512))
    tokens = [chr(b) if b in printable else chr(next(rest)) for b in range(256)] + ['<|start|>', '<|end|>']
    merges = [a + ' ' + b for a in 'abcdefgh' for b in 'abcdefgh'][:62]
    tokens += [m.replace(' ', '') for m in merges]
    writer.add_tokenizer_model('gpt2')
    writer.add_tokenizer_pre('gpt-2')
    writer.add_token_list(tokens)
    writer.add_token_types([3 if t.startswith('<|') else 1 for t in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(256)
    writer.add_eos_token_id(257)
    writer.add_add_bos_token(False)
    return len(tokens)


def write(folder, name, seed, architecture, tied, gain, settings):
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(f'{folder}/{name}.gguf', architecture)
    writer.add_name(name)
    writer.add_context_length(1024)
    writer.add_embedding_length(DIMENSION)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD)
    writer.add_value_length(HEAD)
    writer.add_rope_dimension_count(HEAD)
    writer.add_layer_norm_rms_eps(1e-6)
    for key, value in settings.items():
        add = {float: writer.add_float32, int: writer.add_uint32, str: writer.add_string}[type(value)]
        add(f'{architecture}.{key}', value)
    size = vocabulary(writer)

    def matrix(tensor, rows, columns, gain):
        values = random.standard_normal((rows, columns)) * gain / np.sqrt(columns)
        writer.add_tensor(tensor, values.astype(np.float16))

    def norm(tensor, length):
        writer.add_tensor(tensor, (1 + 0.2 * random.standard_normal(length)).astype(np.float32))

    matrix('token_embd.weight', size, DIMENSION, gain)
    norm('output_norm.weight', DIMENSION)
    if not tied:
        matrix('output.weight', size, DIMENSION, 3)
    for i in range(LAYERS):
        block = f'blk.{i}.'
        norm(block + 'attn_norm.weight', DIMENSION)
        norm(block + 'ffn_norm.weight', DIMENSION)
        matrix(block + 'attn_q.weight', HEADS * HEAD, DIMENSION, 2)
        matrix(block + 'attn_k.weight', KV_HEADS * HEAD, DIMENSION, 2)
        matrix(block + 'attn_v.weight', KV_HEADS * HEAD, DIMENSION, 2)
        matrix(block + 'attn_output.weight', DIMENSION, HEADS * HEAD, 2)
        matrix(block + 'ffn_gate.weight', HIDDEN, DIMENSION, 2)
        matrix(block + 'ffn_up.weight', HIDDEN, DIMENSION, 2)
        matrix(block + 'ffn_down.weight', DIMENSION, HIDDEN, 2)
        if architecture == 'gemma3':
            norm(block + 'post_attention_norm.weight', DIMENSION)
            norm(block + 'post_ffw_norm.weight', DIMENSION)
            norm(block + 'attn_q_norm.weight', HEAD)
            norm(block + 'attn_k_norm.weight', HEAD)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with open(f'{folder}/{name}.ids', 'w') as prompts:
        for length in (1, 7, 40, 200):
            prompts.write(' '.join(map(str, random.integers(0, 256, length))) + '\n')


folder = sys.argv[1]
write(folder, 'gemma3-window', 1, 'gemma3', True, 3,
      {'rope.freq_base': 1e6, 'attention.sliding_window': 9})
write(folder, 'gemma3-capped', 2, 'gemma3', False, 1,
      {'rope.freq_base': 1e5, 'rope.scaling.type': 'linear', 'rope.scaling.factor': 8.0, 'attention.sliding_window': 32,
       'attention.sliding_window_pattern': 3, 'final_logit_softcapping': 5.0})
write(folder, 'granite-tied', 3, 'granite', True, 1,
      {'rope.freq_base': 1e4, 'embedding_scale': 12.0, 'residual_scale': 0.22, 'attention.scale': 0.4, 'logit_scale': 0.25})
write(folder, 'granite-plain', 4, 'granite', False, 1, {'rope.freq_base': 1e4, 'logit_scale': 1.0})
