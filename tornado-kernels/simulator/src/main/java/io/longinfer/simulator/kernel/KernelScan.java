package io.longinfer.simulator.kernel;

import io.longinfer.simulator.Finding;
import io.longinfer.simulator.FindingKind;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.Method;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import uk.ac.manchester.tornado.api.KernelContext;

/** Reads a kernel and the methods it calls: whether its work-items wait for each other, and calls that compile on no device. */
final class KernelScan {
    private static final String CONTEXT = KernelContext.class.getName().replace('.', '/');
    /** Seen to be refused by TornadoVM 5.2.0 on OpenCL and PTX, or to be silently wrong. */
    private static final Set<String> REFUSED = Set.of(
            "java/lang/Math.abs(I)I",
            "java/lang/Math.round(F)I",
            "java/lang/Math.fma(FFF)F",
            "java/lang/Float.floatToIntBits(F)I",
            "java/lang/Float.float16ToFloat(S)F",
            "java/lang/Float.floatToFloat16(F)S");

    private final KernelLoader loader;
    private final Map<String, Optional<ClassModel>> models = new HashMap<>();
    private final Set<String> seen = new HashSet<>();
    private boolean waits;

    KernelScan(KernelLoader loader) {
        this.loader = loader;
    }

    boolean waits() {
        return waits;
    }

    void visit(Method method) {
        visit(
                method.getDeclaringClass().getName(),
                method.getName(),
                MethodTypeDesc.ofDescriptor(
                        java.lang.invoke.MethodType.methodType(method.getReturnType(), method.getParameterTypes())
                                .descriptorString()));
    }

    private void visit(String owner, String name, MethodTypeDesc type) {
        if (!seen.add(owner + "." + name + type.descriptorString())) {
            return;
        }
        models.computeIfAbsent(owner, loader::model).stream()
                .flatMap(model -> model.methods().stream())
                .filter(method -> method.methodName().equalsString(name)
                        && method.methodTypeSymbol().equals(type))
                .flatMap(method -> method.code().stream())
                .forEach(this::visit);
    }

    private void visit(CodeModel code) {
        for (CodeElement element : code) {
            if (element instanceof InvokeInstruction call) {
                visit(call, code);
            }
        }
    }

    private void visit(InvokeInstruction call, CodeModel code) {
        String owner = call.owner().asInternalName();
        String name = call.name().stringValue();
        if (REFUSED.contains(owner + "." + name + call.type().stringValue())) {
            throw new Finding(
                    FindingKind.DOES_NOT_COMPILE,
                    where(code) + " calls " + owner.replace('/', '.') + "." + name + ", which no device takes");
        }
        if (owner.equals(CONTEXT)) {
            waits |= name.endsWith("Barrier") || name.startsWith("simd") || name.startsWith("mma");
            return;
        }
        String dotted = owner.replace('/', '.');
        if (KernelLoader.holdsKernels(dotted)) {
            if (call.typeSymbol().parameterList().stream().anyMatch(ClassDesc::isArray)) {
                throw new Finding(
                        FindingKind.DOES_NOT_COMPILE,
                        where(code) + " gives a Java array to " + name
                                + ": a helper would address it wrongly on a device");
            }
            visit(dotted, name, call.typeSymbol());
        }
    }

    private static String where(CodeModel code) {
        MethodModel method = code.parent().orElseThrow();
        return method.parent()
                        .map(model -> model.thisClass().asInternalName().replace('/', '.') + ".")
                        .orElse("")
                + method.methodName().stringValue();
    }
}
