"""A model of 250 kB with random weights, for nodes on a laptop: it shows how an engine behaves, and speaks no sense.

The same bytes each time, so that the catalogue can name their hash. A byte-level vocabulary, llama's architecture with
two layers, and a context of 2,048 tokens at most.
"""

import string
from pathlib import Path

import numpy as np
from gguf import GGUFWriter, TokenType
from numpy.typing import NDArray

WIDTH, FEED_FORWARD, LAYERS, HEADS, KV_HEADS = 64, 128, 2, 4, 2
CONTEXT_TOKENS = 2048
TEMPLATE = (
    "{% for m in messages %}{{ '[' + m['role'] + '] ' + m['content'] + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant] {% endif %}"
)
Token = tuple[bytes, TokenType, float]


def write_tiny_model(path: Path, context_tokens: int = CONTEXT_TOKENS) -> None:
    """Write the model as a GGUF file; with a longer context its answers can be made to last for seconds."""
    writer = GGUFWriter(path, "llama")
    tokens = _tokens()
    _describe(writer, tokens, context_tokens)
    _weigh(writer, len(tokens), np.random.default_rng(0))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _tokens() -> list[Token]:
    """Return a token for each byte and each printable character, padded to a multiple of 64."""
    tokens: list[Token] = [(b"<unk>", TokenType.UNKNOWN, 0.0)]
    tokens += [(name, TokenType.CONTROL, 0.0) for name in (b"<s>", b"</s>")]
    tokens += [(f"<0x{byte:02X}>".encode(), TokenType.BYTE, 0.0) for byte in range(256)]
    characters = "\u2581" + string.ascii_letters + string.digits + string.punctuation
    tokens += [(one.encode(), TokenType.NORMAL, -float(rank)) for rank, one in enumerate(characters)]
    while len(tokens) % 64:
        tokens.append((f"[PAD{len(tokens)}]".encode(), TokenType.UNUSED, -1e4))
    return tokens


def _describe(writer: GGUFWriter, tokens: list[Token], context_tokens: int) -> None:
    writer.add_name("tiny-random")
    writer.add_context_length(context_tokens)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text for text, _, _ in tokens])
    writer.add_token_types([kind for _, kind, _ in tokens])
    writer.add_token_scores([score for _, _, score in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(TEMPLATE)


def _weigh(writer: GGUFWriter, vocabulary: int, random: np.random.Generator) -> None:
    def matrix(name: str, *shape: int) -> None:
        weights: NDArray[np.float32] = (random.standard_normal(shape) * 0.05).astype(np.float32)
        writer.add_tensor(name, weights.astype(np.float16))

    def ones(name: str) -> None:
        writer.add_tensor(name, np.ones(WIDTH, np.float32))

    kv_width = KV_HEADS * WIDTH // HEADS
    matrix("token_embd.weight", vocabulary, WIDTH)
    ones("output_norm.weight")
    matrix("output.weight", vocabulary, WIDTH)
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        ones(block + "attn_norm.weight")
        ones(block + "ffn_norm.weight")
        matrix(block + "attn_q.weight", WIDTH, WIDTH)
        matrix(block + "attn_k.weight", kv_width, WIDTH)
        matrix(block + "attn_v.weight", kv_width, WIDTH)
        matrix(block + "attn_output.weight", WIDTH, WIDTH)
        matrix(block + "ffn_gate.weight", FEED_FORWARD, WIDTH)
        matrix(block + "ffn_up.weight", FEED_FORWARD, WIDTH)
        matrix(block + "ffn_down.weight", WIDTH, FEED_FORWARD)
