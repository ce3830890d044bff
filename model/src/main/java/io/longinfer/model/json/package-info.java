/** JSON files of Hugging Face checkpoints, read into objects whose accessors check what they are asked for. */
package io.longinfer.model.json;
