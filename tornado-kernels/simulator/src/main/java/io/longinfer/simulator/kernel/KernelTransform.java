package io.longinfer.simulator.kernel;

import io.longinfer.simulator.launch.KernelHooks;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Instruction;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.List;
import uk.ac.manchester.tornado.api.KernelContext;

/** Puts calls of {@link KernelHooks} before what the checker wants to see; one object for one method's code. */
final class KernelTransform implements CodeTransform {
    private static final ClassDesc HOOKS = KernelHooks.class.describeConstable().orElseThrow();
    private static final ClassDesc CONTEXT =
            KernelContext.class.describeConstable().orElseThrow();
    private static final MethodTypeDesc ACCESS =
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_Object, ConstantDescs.CD_int);
    private static final MethodTypeDesc BARRIER =
            MethodTypeDesc.of(ConstantDescs.CD_void, CONTEXT, ConstantDescs.CD_String);
    private static final MethodTypeDesc SHIFT =
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int, ConstantDescs.CD_int, ConstantDescs.CD_int);
    private static final MethodTypeDesc DIVIDE =
            MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_int, ConstantDescs.CD_int);

    private final List<CodeElement> elements;
    private int position = -1;
    private int line;

    KernelTransform(CodeModel code) {
        elements = code.elementList();
    }

    @Override
    public void accept(CodeBuilder code, CodeElement element) {
        position++;
        switch (element) {
            case LineNumber number -> {
                line = number.line();
                code.with(element);
            }
            case ArrayLoadInstruction load -> {
                code.dup2().invokestatic(HOOKS, "read", ACCESS).with(load);
            }
            case ArrayStoreInstruction store -> store(code, store);
            case OperatorInstruction operator -> operate(code, operator);
            case InvokeInstruction call -> call(code, call);
            default -> code.with(element);
        }
    }

    private static void store(CodeBuilder code, ArrayStoreInstruction store) {
        TypeKind kind = store.typeKind().asLoadable();
        int value = code.allocateLocal(kind);
        code.storeLocal(kind, value)
                .dup2()
                .invokestatic(HOOKS, "write", ACCESS)
                .loadLocal(kind, value)
                .with(store);
    }

    private void call(CodeBuilder code, InvokeInstruction call) {
        boolean barrier = call.owner().asSymbol().equals(CONTEXT)
                && (call.name().equalsString("localBarrier") || call.name().equalsString("globalBarrier"));
        if (barrier) {
            code.loadConstant(" in line " + line).invokestatic(HOOKS, "barrier", BARRIER);
        } else {
            code.with(call);
        }
    }

    private void operate(CodeBuilder code, OperatorInstruction operator) {
        switch (operator.opcode()) {
            case ISHR -> code.dup2().loadConstant(keptBits(false)).invokestatic(HOOKS, "shiftSigned", SHIFT);
            case IUSHR -> code.dup2().loadConstant(keptBits(true)).invokestatic(HOOKS, "shiftUnsigned", SHIFT);
            case IDIV -> code.dup2().invokestatic(HOOKS, "divide", DIVIDE);
            default -> {}
        }
        code.with(operator);
    }

    /**
     * How many low bits of a shift's result the code behind it keeps.
     *
     * <p>One more for {@code >>>} and a mask: OpenCL drops a mask that is as wide as the bits that remain. A mask that is no
     * constant counts as narrow.
     */
    private int keptBits(boolean unsigned) {
        int next = instructionFrom(position + 1);
        return switch (opcode(next)) {
            case I2B -> Byte.SIZE + (unsigned && maskFollows(next) ? 1 : 0);
            case I2S, I2C -> Short.SIZE + (unsigned && maskFollows(next) ? 1 : 0);
            case NOP -> Integer.SIZE;
            default -> {
                if (opcode(instructionFrom(next + 1)) != Opcode.IAND) {
                    yield Integer.SIZE;
                }
                boolean known = elements.get(next) instanceof ConstantInstruction constant
                        && constant.constantValue() instanceof Integer;
                yield known ? maskBits(next) + (unsigned ? 1 : 0) : 0;
            }
        };
    }

    private int maskBits(int constant) {
        int mask = (Integer) ((ConstantInstruction) elements.get(constant)).constantValue();
        return Integer.SIZE - Integer.numberOfLeadingZeros(mask);
    }

    private boolean maskFollows(int position) {
        return opcode(instructionFrom(instructionFrom(position + 1) + 1)) == Opcode.IAND;
    }

    private Opcode opcode(int position) {
        return position < elements.size() ? ((Instruction) elements.get(position)).opcode() : Opcode.NOP;
    }

    private int instructionFrom(int start) {
        for (int i = start; i < elements.size(); i++) {
            if (elements.get(i) instanceof Instruction) {
                return i;
            }
        }
        return elements.size();
    }
}
