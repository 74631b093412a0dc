; FPU registers for fpu.c: filling them with a pattern, comparing them with it.

bits 64
default rel

extern fpu_has_avx

global fpu_fill, fpu_compare, fpu_is_initial

section .bss
align 32
buffer: resb 32

section .text

; Puts byte %1 + dil into all bytes of [buffer].
%macro PATTERN 1
    mov eax, edi
    add eax, %1
    movzx eax, al
    mov rdx, 0x0101010101010101
    imul rax, rdx
    mov [buffer], rax
    mov [buffer + 8], rax
    mov [buffer + 16], rax
    mov [buffer + 24], rax
%endmacro

; void fpu_fill(uint64_t pattern): sets xmm0-15 (ymm0-15), x87 st0 and both control words by it.
fpu_fill:
%assign n 0
%rep 16
    PATTERN n * 3 + 1
    cmp byte [fpu_has_avx], 0
    jne .avx %+ n
    movups xmm %+ n, [buffer]
    jmp .done %+ n
.avx %+ n:
    vmovups ymm %+ n, [buffer]
.done %+ n:
%assign n n + 1
%endrep
    mov eax, edi                    ; rounding modes 0 to 3
    and eax, 3
    mov edx, eax
    shl eax, 13
    or eax, 0x1f80
    mov [buffer], eax
    ldmxcsr [buffer]
    shl edx, 10
    or edx, 0x037f
    mov [buffer], edx
    fninit
    fldcw [buffer]
    mov [buffer], rdi
    fild qword [buffer]
    ret

; uint64_t fpu_compare(uint64_t pattern): how many of those registers differ.
fpu_compare:
    xor r8d, r8d
    mov r9, rsp
    sub rsp, 64
    and rsp, -32
%assign n 0
%rep 16
    PATTERN n * 3 + 1
    cmp byte [fpu_has_avx], 0
    jne .avx %+ n
    movups [rsp], xmm %+ n
    jmp .low %+ n
.avx %+ n:
    vmovups [rsp], ymm %+ n
    cmp [rsp + 16], rax
    jne .wrong %+ n
    cmp [rsp + 24], rax
    jne .wrong %+ n
.low %+ n:
    cmp [rsp], rax
    jne .wrong %+ n
    cmp [rsp + 8], rax
    je .right %+ n
.wrong %+ n:
    inc r8
.right %+ n:
%assign n n + 1
%endrep
    stmxcsr [rsp]
    mov eax, edi
    and eax, 3
    mov edx, eax
    shl eax, 13
    or eax, 0x1f80
    mov ecx, [rsp]
    and ecx, 0xffffffc0             ; not the sticky flags
    cmp ecx, eax
    je .mxcsr
    inc r8
.mxcsr:
    fnstcw [rsp]
    shl edx, 10
    or edx, 0x037f
    cmp [rsp], dx
    je .control
    inc r8
.control:
    fld st0
    fistp qword [rsp]
    cmp [rsp], rdi
    je .stack
    inc r8
.stack:
    mov rsp, r9
    mov rax, r8
    ret

; uint64_t fpu_is_initial(void): 1 if no register shows what another process had in it.
fpu_is_initial:
    mov r9, rsp
    sub rsp, 64
    and rsp, -32
    xor eax, eax
%assign n 0
%rep 16
    cmp byte [fpu_has_avx], 0
    jne .avx %+ n
    movups [rsp], xmm %+ n
    jmp .done %+ n
.avx %+ n:
    vmovups [rsp], ymm %+ n
    or rax, [rsp + 16]
    or rax, [rsp + 24]
.done %+ n:
    or rax, [rsp]
    or rax, [rsp + 8]
%assign n n + 1
%endrep
    stmxcsr [rsp]
    mov ecx, [rsp]
    xor ecx, 0x1f80
    or rax, rcx
    fnstcw [rsp]
    movzx ecx, word [rsp]
    xor ecx, 0x037f
    or rax, rcx
    fnstsw [rsp]
    movzx ecx, word [rsp]
    or rax, rcx
    mov rsp, r9
    cmp rax, 1
    sbb rax, rax
    neg rax
    ret

section .note.GNU-stack noalloc noexec nowrite progbits
