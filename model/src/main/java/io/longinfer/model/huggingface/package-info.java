/**
 * Checkpoints as Hugging Face's transformers library lays them out: {@code config.json} becomes a decoder's shape, tensors become
 * its weights. A setting or tensor that is not handled is refused by its name.
 */
package io.longinfer.model.huggingface;
