package uk.ac.manchester.tornado.api.enums;

/** What a kernel is compiled to. */
public enum TornadoVMBackendType {
    OPENCL,
    METAL,
    PTX,
    CUDA,
    SPIRV,
    JAVA,
    VIRTUAL
}
