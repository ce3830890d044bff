/** Safetensors files, single and sharded: tensors in place in mapped memory, every offset checked before it is used. */
package io.longinfer.model.safetensors;
