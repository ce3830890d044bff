/** The command line {@code longinfer}: one class a command, and the options they share. Only {@code LongInfer.main} exits. */
package io.longinfer.eval.cli;
